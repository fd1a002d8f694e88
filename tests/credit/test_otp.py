"""One-time codes against the vectors of RFC 4226 and RFC 6238, and the window around now."""

import pytest

from credit.otp import STEP_SECONDS, code_at, enrolment_address, find_step, make_otp_secret, step_of

SECRET = b"12345678901234567890"
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
TOTP = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


@pytest.mark.parametrize(("step", "code"), list(enumerate(HOTP)))
def test_rfc_4226(step, code):
    assert code_at(SECRET, step) == code


@pytest.mark.parametrize(("seconds", "code"), list(TOTP.items()))
def test_rfc_6238(seconds, code):
    assert code_at(SECRET, step_of(seconds)) == code
    assert find_step(SECRET, code, seconds) == step_of(seconds)


@pytest.mark.parametrize(("offset", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_one_step_of_skew(offset, good):
    now = 40_000 * STEP_SECONDS + 7
    assert (find_step(SECRET, code_at(SECRET, step_of(now + offset)), now) is not None) == good


@pytest.mark.parametrize("code", ["", "00000", "１２３４５６", "28708２", "287082\n", "\ud800" * 6])
def test_odd_codes_are_none(code):
    assert find_step(SECRET, code, 59) is None


def test_secrets_are_random_and_enrol():
    first, second = make_otp_secret(), make_otp_secret()
    assert len(first) == 20 and first != second
    assert enrolment_address(SECRET, "a b", "区") == (
        "otpauth://totp/%E5%8C%BA:a%20b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E5%8C%BA"
    )
