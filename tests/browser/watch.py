"""What a page must never do: log an error, break its own policy, or talk to a stranger."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

_POLICY = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI);
});
"""


@dataclass
class Watch:
    """Gathers a page's misdeeds; ``forgive`` names words of console errors that a test expects."""

    origin: str
    forgive: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(_POLICY)
        context.on("request", self._requested)
        context.on("response", self._answered)
        context.on("console", self._logged)
        context.on("weberror", lambda error: self.found.append(f"exception: {error.error}"))

    def check(self) -> None:
        left = [each for each in self.found if not any(word in each for word in self.forgive)]
        assert not left, "\n".join(left)

    def page_crashes(self, page: Page) -> None:
        page.on("crash", lambda _: self.found.append("the page crashed"))

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("data", "blob", "about"):
            return
        if parts.netloc != urlsplit(self.origin).netloc:
            self.found.append(f"a request left the box: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.found.append(f"{response.status} {response.url}")

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} {message.location.get('url', '')}")
