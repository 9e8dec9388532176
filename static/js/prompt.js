// A link with data-prompt opens its page as a dialog; without this file it simply is a page.
const slot = document.getElementById("prompt");

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-prompt]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": "prompt" } });
  if (!answer.ok || answer.redirected) {
    location.assign(link.href);
    return;
  }
  slot.innerHTML = await answer.text();
  const dialog = slot.querySelector("dialog");
  if (!dialog) {
    location.assign(link.href);
    return;
  }
  dialog.addEventListener("close", () => link.focus());
  dialog.showModal();
});

// Dialogs that stand in the page already.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog).showModal();
  }
  const closer = event.target.closest("dialog [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
});
