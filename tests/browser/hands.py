"""What an operator's hands do at the screen."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

LIVE = '[data-test=preview][data-state="live"]'
LIVE_SECONDS = 45_000
HOLD_MILLISECONDS = 1300

_TYPE = """(text) => { for (const key of [...text, 'Enter'])
document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true})); }"""


class Operator:
    """One person at one page; ``taps`` counts what they touched, a scan and a hold included."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    def control(self, name: str) -> Locator:
        return self.page.locator(f'[data-test="{name}"]')

    def sees(self, screen: str, timeout: float = 30_000) -> None:
        expect(self.page.locator(f'[data-screen="{screen}"]')).to_be_attached(timeout=timeout)

    def row(self, words: str) -> Locator:
        return self.page.locator('[data-test^="row-"]', has_text=words)

    def find_row(self, words: str) -> Locator:
        """The row of a patient, however far down the list it is."""
        row = self.row(words)
        expect(row.first).to_be_attached(timeout=30_000)
        row.first.scroll_into_view_if_needed()
        return row.first

    def tap(self, name: str) -> None:
        self.control(name).first.click()
        self.taps += 1

    def tap_row(self, words: str) -> None:
        self.find_row(words).click()
        self.taps += 1

    def hold(self, name: str) -> None:
        """Hold a button for as long as it wants to be held."""
        place = self.control(name).first
        expect(place).to_be_enabled(timeout=20_000)
        place.scroll_into_view_if_needed()
        place.click(delay=HOLD_MILLISECONDS)
        self.taps += 1

    def scan(self, text: str) -> None:
        """What a scanner types: no hand is so fast."""
        self.page.evaluate(_TYPE, text)
        self.taps += 1

    def sees_live_picture(self) -> None:
        # a handle of the element would keep the whole screen alive after it was left
        expect(self.page.locator(LIVE)).to_be_attached(timeout=LIVE_SECONDS)

    def capture(self) -> None:
        """Take a picture, and see it appear."""
        thumbs = self.control("thumb")
        before = thumbs.count()
        self.tap("capture")
        expect(thumbs).to_have_count(before + 1, timeout=20_000)

    def open_by_hand(self, words: str) -> None:
        """From the list to the open exam, without a scanner."""
        self.tap_row(words)
        self.sees("confirm")
        self.hold("confirm-start")
        self.sees("acquire")

    def complete(self) -> None:
        """End the exam; the list is there again."""
        expect(self.control("rec")).to_be_hidden(timeout=20_000)
        self.tap("finish")
        self.sees("finish")
        self.hold("finish-complete")
        self.sees("worklist")
