package check

import (
	"errors"
	"net"
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
	case errors.Is(err, syscall.EADDRINUSE) && onePort(c.Listen, c.AdminListen) && free(c.Listen) && free(c.AdminListen):
		return []error{c.Problem("admin_listen", "cannot be listened on beside listen, %s: give it another port", c.Listen)}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, []string{err.Error() + ", unless it is this relay, which serves already"}
	}
	if err != nil {
		problems = append(problems, c.Problem("", "%s", err))
	}
	return problems, nil
}

// onePort reports whether two addresses are in each other's way unless their hosts keep
// them apart. If not, whoever has taken one may have let go of it since.
func onePort(one, other string) bool {
	_, port, err := net.SplitHostPort(one)
	_, second, invalid := net.SplitHostPort(other)
	return err == nil && invalid == nil && port == second
}

// free reports whether an address can be listened on while no other one is.
func free(address string) bool {
	l, err := net.Listen("tcp", address)
	return err == nil && l.Close() == nil
}
