// The recharge form: the balance after the recharge, in whole sixth decimals, because numbers would round.
const SCALE = 6;

const sixths = (text) => {
  const [whole, decimals = ""] = text.replace("−", "-").replaceAll(",", "").split(".");
  return BigInt(whole + decimals.padEnd(SCALE, "0").slice(0, SCALE));
};

// Half-up, as the server shows amounts.
const shown = (value, places) => {
  const unit = 10n ** BigInt(SCALE - places);
  const size = ((value < 0n ? -value : value) + unit / 2n) / unit;
  const digits = size.toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0n ? "−" : ""}${whole}${places ? `.${digits.slice(-places)}` : ""}`;
};

function showBalanceAfter() {
  const output = document.querySelector("[data-after]");
  if (!output) return;
  const input = document.getElementById(output.dataset.after);
  // What money.js understood, so that the two never differ.
  const echoed = document.querySelector(`[data-echo="${input.id}"]`)?.textContent.trim() ?? "";
  const isAmount = /^[\d,]+(\.\d+)?$/.test(echoed);
  for (const cell of document.querySelectorAll("[data-after-row]")) cell.hidden = !isAmount;
  if (!isAmount) return;
  output.textContent = shown(sixths(output.dataset.balance) + sixths(echoed), Number(input.dataset.places));
}

document.addEventListener("input", showBalanceAfter);
document.addEventListener("htmx:afterSettle", showBalanceAfter);
showBalanceAfter();
