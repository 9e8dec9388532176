// The request form: a complete one asks to pay first, an incomplete one goes to the server for its errors.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-confirm]");
  if (!button || !button.form.checkValidity()) return;
  event.preventDefault();
  if (document.getElementById("bar").classList.contains("htmx-request")) {
    // The price of what was typed last is on its way: ask about that one, not about the one before.
    const again = () => document.querySelector("#estimate button[data-confirm]")?.click();
    document.addEventListener("htmx:afterSettle", () => setTimeout(again), { once: true });
    return;
  }
  document.getElementById(button.dataset.confirm).showModal();
});

// Says that the figures beside the form have changed.
document.addEventListener("htmx:afterSwap", (event) => {
  const words = document.getElementById("estimate")?.dataset.announce;
  const live = document.getElementById("live");
  if (words && live && event.target.id === "estimate") live.textContent = words;
});
