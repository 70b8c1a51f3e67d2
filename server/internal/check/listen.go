package check

import (
	"errors"
	"syscall"

	"ekycconnect/server/internal/app"
	"ekycconnect/server/internal/config"
)

// listenFindings tries whether the addresses can be listened on. One that is taken may
// be so by a relay that serves with an earlier form of the same configuration.
func listenFindings(c *config.Config) (problems []error, warnings []string) {
	listeners, err := app.Listen(app.Address{Config: c.Listen}, app.Address{Config: c.AdminListen})
	switch {
	case err == nil:
		err = listeners.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, []string{err.Error() + ", unless it is this relay, which serves already"}
	}
	if err != nil {
		problems = append(problems, c.Problem("", "%s", err))
	}
	return problems, nil
}
