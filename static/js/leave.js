// Leaves for the payment provider by itself, once for each recharge: who comes back with the browser's
// back button must not be sent away again. The button works always, also without this file.
const form = document.querySelector("form[data-leave]");

if (form) {
  const key = `left-for-payment-${form.dataset.leave}`;
  let isFirst = true;
  try {
    isFirst = !sessionStorage.getItem(key);
    sessionStorage.setItem(key, "1");
  } catch {
    // Without storage the browser's own history decides, as for any form.
  }
  if (isFirst) form.requestSubmit();
}
