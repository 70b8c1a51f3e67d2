package app

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

// The servers' limits. A widget waits 25 s: 8 s in line and 10 s for the
// vendor, with a margin; the server writes a little longer than that.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
	maxStreams        = 64 // of one HTTP/2 connection
)

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		DisableGeneralOptionsHandler: true, // OPTIONS * is answered as whatever is not there, with a request id
		HTTP2:                        &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: 64 << 10, MaxReceiveBufferPerStream: 16 << 10},
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug), // its lines are about bad clients
	}
}

// Listeners are a relay's two addresses.
type Listeners struct {
	Public net.Listener // for browsers and partners
	Admin  net.Listener // for metrics and readiness in words; never public
}

// Address is where a listener is: where the flag says, if it is given, else where the
// configuration does.
type Address struct{ Flag, Config string }

// Listen opens both addresses. It comes before everything else, so that the sandbox
// knows its own URL and a taken port is found before anything is done. A socket that
// systemd holds open for the relay takes the place of an address in the configuration; a
// flag that it would leave without effect is refused.
func Listen(public, admin Address) (_ Listeners, err error) {
	l, err := held()
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if err != nil {
		return l, err
	}
	if l.Public, err = public.listen(l.Public, "--listen"); err != nil {
		return l, err
	}
	l.Admin, err = admin.listen(l.Admin, "--admin")
	return l, err
}

// listenRemedy says what to do about an address that cannot be listened on.
func listenRemedy(err error, flag string) string {
	if errors.Is(err, fs.ErrPermission) {
		return "a port below 1024 needs the capability CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; else: setcap cap_net_bind_service=+ep on the program), or choose another address with " + flag
	}
	return "choose another address with " + flag
}

// listen listens at the address, unless a socket is held for it.
func (a Address) listen(held net.Listener, flag string) (net.Listener, error) {
	switch {
	case held != nil && a.Flag != "":
		return held, fmt.Errorf("%s does nothing here, as systemd passes on the socket at %s: leave the flag out, and set ListenStream in the socket's unit", flag, held.Addr())
	case held != nil:
		return held, nil
	}
	l, err := net.Listen("tcp", cmp.Or(a.Flag, a.Config))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, listenRemedy(err, flag))
	}
	return l, nil
}

// adminSocket is the FileDescriptorName of the admin listener's socket; a socket of any
// other name is the public one.
const adminSocket = "admin"

// held takes the sockets that systemd holds open (socket activation). Who connects
// while no relay runs, such as during a restart, waits in them for the next one.
func held() (l Listeners, err error) {
	for _, file := range activation.Files(true) {
		one, invalid := net.FileListener(file)
		err = errors.Join(err, invalid, file.Close()) // one has a descriptor of its own
		place := &l.Public
		if file.Name() == adminSocket {
			place = &l.Admin
		}
		switch {
		case invalid != nil:
		case *place != nil:
			err = errors.Join(err, fmt.Errorf("two sockets for one listener, %s and %s: give the relay one ListenStream, and a second one only with FileDescriptorName=%s",
				(*place).Addr(), one.Addr(), adminSocket), one.Close())
		default:
			*place = one
		}
	}
	if err != nil {
		err = fmt.Errorf("what systemd passed on cannot be listened on: %w", err)
	}
	return l, err
}

// Close closes what no server has closed.
func (l Listeners) Close() error {
	var all error
	for _, one := range []net.Listener{l.Public, l.Admin} {
		if one == nil {
			continue
		}
		if err := one.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}
