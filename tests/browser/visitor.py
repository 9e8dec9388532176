"""One person at a browser, and what the browser complained about meanwhile."""

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    expect,
)

from tests.browser import axe
from tests.browser.site import Site

PASSWORD = "demo-only"
TIMEOUT_MS = 30_000
# A refused form (422) or a page not found is the server's answer; a request given up for a
# newer one is what was asked of htmx.
HARMLESS = ("Failed to load resource", "htmx:afterRequest", "htmx:sendAbort")
expect.set_options(timeout=TIMEOUT_MS)


@dataclass
class Visitor:
    """A browser window on the site; every complaint of the browser is kept."""

    site: Site
    context: BrowserContext
    page: Page = field(init=False)
    complaints: list[str] = field(default_factory=list)
    posts: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(TIMEOUT_MS)
        self.page = self.context.new_page()
        self.page.on("console", self._keep_complaint)
        self.page.on("pageerror", self._keep_error)
        self.page.on("request", self._keep_post)

    def open(self, path: str) -> Response:
        """Go to a path of the site; returns the answer it ended with."""
        response = self.page.goto(f"{self.site.url}{path}")
        assert response is not None
        return response

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.open("/accounts/login/")
        self.page.locator("[name=login]").fill(email)
        self.page.locator("[name=password]").fill(password)
        self.page.locator("[name=password]").press("Enter")
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)

    @cached_property
    def portal(self) -> str:
        """The path of the tenant's portal, to which the start page leads."""
        self.open("/")
        found = re.match(r"/portal/[^/]+/", urlsplit(self.page.url).path)
        assert found is not None, self.page.url
        return found[0]

    def click(self, name: str, *, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).first.fill(text)

    def sees(self, text: str) -> None:
        """Wait until the text is on the page."""
        expect(self.main.get_by_text(text).first).to_be_visible()

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def cookies_of_post_to(self, path_end: str) -> str:
        """The Cookie header of the last POST to such a path; empty when it had none."""
        for request in reversed(self.posts):
            if request.url.partition("?")[0].endswith(path_end):
                return request.all_headers().get("cookie", "")
        raise AssertionError(f"no POST to …{path_end}: {[post.url for post in self.posts]}")

    def picture(self, name: str) -> None:
        """Keep a picture for the documents, when `PICTURES` names a folder."""
        if folder := os.environ.get("PICTURES"):
            # The screenshot hides the caret by a style that the page's policy refuses.
            before = list(self.complaints)
            self.page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
            self.complaints[:] = before

    def keep_evidence(self, name: str) -> None:
        """Show what a failed test saw last, and say where that is kept."""
        folder = self.site.logs / re.sub(r"[^\w-]+", "-", name)
        folder.mkdir(exist_ok=True)
        self.page.screenshot(path=folder / "window.png", full_page=True)
        (folder / "page.html").write_text(self.page.content(), "utf-8")
        print(f"{self.page.url}: {folder}")  # noqa: T201 (pytest shows it with the failure)

    def faults(self, dress: axe.Dress) -> list[str]:
        """Look at the page with axe, whose own styles the page's policy refuses."""
        before = list(self.complaints)
        found = axe.faults(self.page, dress)
        self.complaints[:] = before
        return found

    def choose_language(self, language: str) -> None:
        cookie = {"name": "django_language", "value": language, "url": self.site.url}
        self.context.add_cookies([cookie])  # type: ignore[list-item]

    def _keep_post(self, request: Request) -> None:
        if request.method == "POST":
            self.posts.append(request)

    def _keep_error(self, error: Error) -> None:
        self.complaints.append(error.stack or error.message)

    def _keep_complaint(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(HARMLESS):
            self.complaints.append(message.text)
