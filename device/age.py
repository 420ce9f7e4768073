"""How old a patient is, in the unit in which people say it."""

from __future__ import annotations

from datetime import date, datetime

from device.received import is_date

_BABY_DAYS = 60
_TODDLER_MONTHS = 24


def age_on(birth_date: str, day: date) -> dict[str, int] | None:
    """``{"years": n}``, for small children ``{"months": n}`` or ``{"days": n}``.

    Parameters
    ----------
    birth_date : str
        ``YYYYMMDD``.

    Returns
    -------
    dict or None
        None where the date is missing, no date, or lies after ``day``.
    """
    if not is_date(birth_date):
        return None
    born = datetime.strptime(birth_date, "%Y%m%d").date()  # noqa: DTZ007
    days = (day - born).days
    if days < 0:
        return None
    if days < _BABY_DAYS:
        return {"days": days}
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    return {"months": months} if months < _TODDLER_MONTHS else {"years": months // 12}
