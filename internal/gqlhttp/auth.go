package gqlhttp

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/placard/placard/internal/auth"
	"github.com/placard/placard/models"
)

// Authenticator looks up API keys.
type Authenticator interface {
	// Authenticate returns the principal of an API key, and whether the key is valid.
	Authenticate(ctx context.Context, secret string) (principal auth.Principal, valid bool, err error)
}

// authenticate sets the principal of the request, and the caller: the API key, or the address of a client without one.
// All clients of a proxy have its address.
func (x *exchange) authenticate() error {
	principal := auth.Anonymous
	if x.Authenticator != nil {
		var err error
		if principal, err = x.lookUpKey(); err != nil {
			return x.authError(err)
		}
	}
	x.authenticatedAt = time.Now()
	x.ctx = auth.NewContext(x.ctx, principal)
	x.caller = addressOf(x.r)
	if !principal.KeyID.IsZero() {
		x.caller = "key " + principal.KeyID.String()
	}
	return nil
}

// reauthenticateAfter is the time after which an API key is looked up again before its request is executed.
const reauthenticateAfter = 250 * time.Millisecond

// reauthenticate looks up the API key again if the request took long to arrive and to get a slot, because the key may
// have been revoked.
func (x *exchange) reauthenticate() error {
	if x.Authenticator == nil || time.Since(x.authenticatedAt) < reauthenticateAfter {
		return nil
	}
	if _, err := x.lookUpKey(); err != nil {
		return x.authError(err)
	}
	return nil
}

// lookUpKey returns the principal of the API key of the request. The error UNAUTHENTICATED does not include the reason.
func (x *exchange) lookUpKey() (auth.Principal, error) {
	unauthenticated := &models.Error{
		Code: models.CodeUnauthenticated, Message: "a valid API key is required: Authorization: Bearer plc_…",
	}
	secret, wellFormed := auth.Bearer(x.r.Header.Values("Authorization"))
	if !wellFormed {
		return auth.Principal{}, unauthenticated
	}
	ctx, cancel := x.lookupTimeout.Start(x.ctx, time.Now())
	defer cancel()
	address := addressOf(x.r)
	if err := x.keyLookups.Acquire(ctx, address); err != nil {
		return auth.Principal{}, x.Presenter.Interruption(ctx, queueError(err))
	}
	defer x.keyLookups.Release(address)
	principal, valid, err := x.Authenticator.Authenticate(ctx, secret)
	switch {
	case err != nil:
		return principal, x.Presenter.Interruption(ctx, err)
	case !valid:
		return principal, unauthenticated
	}
	return principal, nil
}

// authError returns the error of an API key that is invalid or cannot be looked up, with its status. With
// application/json the status is 200, unless the server is overloaded.
func (x *exchange) authError(err error) error {
	e := &statusError{status: http.StatusServiceUnavailable, err: err}
	switch models.CodeOf(err) {
	case models.CodeOverloaded:
		return unavailable(err)
	case models.CodeUnauthenticated:
		e.status, e.header, e.value = http.StatusUnauthorized, "WWW-Authenticate", `Bearer realm="placard"`
	case models.CodeInternal:
		e.status = http.StatusInternalServerError
	}
	if x.media == mediaTypeJSON {
		e.status = http.StatusOK
	}
	return e
}

// addressOf returns the address of the client. Of an IPv6 address only the first 64 bits count, because one machine has
// all addresses with them.
func addressOf(r *http.Request) string {
	end, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := end.Addr().Unmap().WithZone("")
	if address.Is6() {
		return netip.PrefixFrom(address, 64).Masked().String()
	}
	return address.String()
}
