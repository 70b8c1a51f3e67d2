package httpapi

// Served lists the methods of every path that the public listener serves.
func (a *API) Served() map[string][]string { return a.routes().served }

// FullProblem is the shape of every problem.
type FullProblem = fullProblem
