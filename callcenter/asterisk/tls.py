"""TLS to Asterisk's HTTP server: whom we trust, and what to tell a person when it is not who it should be."""

import ssl
from functools import cache
from pathlib import Path

import aiohttp

from callcenter.config import Asterisk
from callcenter.errors import ConfigurationError

OTHER_NAME = {62, 64}
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""
OTHER_TIME = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


def context(settings: Asterisk) -> ssl.SSLContext | None:
    """For every connection to this Asterisk, be it REST, events or sound; None where its url is not https.

    Read once in a process. Raises ConfigurationError for a CA's certificate that cannot be used.
    """
    return _trusting(settings.ca_certificate) if settings.url.startswith("https:") else None


@cache
def _trusting(certificate: Path | None) -> ssl.SSLContext:
    """Reading the system's certificates takes 25 ms, which the event loop has not got for each call's WebSocket."""
    if certificate is None:
        return ssl.create_default_context()
    try:
        trusted = ssl.create_default_context(cafile=certificate)
    except OSError as error:  # ssl.SSLError is one
        reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            f"asterisk.ca_certificate {certificate} cannot be used ({reason}): name a PEM file that this user may "
            "read, with the certificate of the CA that signed Asterisk's, or with Asterisk's own"
        ) from error
    # As Python 3.13 does not by default: what Asterisk's ast_tls_cert signs lacks extensions that RFC 5280 wants. And
    # as it does: Asterisk's own certificate may be named, not only that of a CA.
    trusted.verify_flags = trusted.verify_flags & ~ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return trusted


def explained(error: Exception) -> str | None:
    """What is wrong, and what to do, where `error` is about TLS; else None."""
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as cause):
            reason = cause.verify_message.rstrip(".")
            return f"its certificate is not trusted ({reason}): {_remedy(cause.verify_code)}"
        case aiohttp.ClientConnectorSSLError(os_error=ssl.SSLError() as cause):
            reason = (cause.reason or str(cause)).replace("_", " ").lower()
            return (
                f"no TLS with it ({reason}): is tlsenable = yes in http.conf, and the port of asterisk.url "
                "that of tlsbindaddr?"
            )
    return None


def _remedy(code: int) -> str:
    if code in OTHER_NAME:
        return "let asterisk.url name the host as the certificate does"
    if code in OTHER_TIME:
        return "renew it, tlscertfile in http.conf, or set the clock"
    return "name the PEM file of the CA that signed it, or its own, in asterisk.ca_certificate"
