// The theme changes at once; the form behind it tells the server, which writes data-bs-theme from then on.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  const theme = body.get("theme");
  if (theme) document.documentElement.dataset.bsTheme = theme;
  else delete document.documentElement.dataset.bsTheme;
  for (const button of document.querySelectorAll("[data-theme-form] button")) {
    if (button.value === theme) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  document.dispatchEvent(new Event("themechange"));
  form.closest("details")?.removeAttribute("open");
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
});
