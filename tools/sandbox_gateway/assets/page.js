// Sends the return form on its own, and stops a form from being sent twice.
for (const form of document.querySelectorAll("form[data-submit-at-once]")) {
  form.submit();
}
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page taken back from the browser's memory must work again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});
