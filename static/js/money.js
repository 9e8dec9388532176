// Money fields show what was understood before it is sent: the viewer's digits, groups of three, a point.
// The rules are those of cmp/lib/fields.py; amounts stay text, because a number would round them.
const GROUPS = /(?<=\d)[,\u066c\u00a0\u202f '](?=\d{3}(?!\d))/g;
const PLAIN = /^[+-]?(\d{1,13}(\.\d*)?|\.\d+)$/;

const asciiDigit = (char) => {
  if (!/\p{Nd}/u.test(char)) return char;
  // Every script's ten digits stand in a row, so the distance to its zero is the value.
  let zero = char.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && char.codePointAt(0) - zero < 9) zero -= 1;
  return String(char.codePointAt(0) - zero);
};

function understood(typed, places) {
  const digits = [...typed.trim()].map(asciiDigit).join("").replaceAll("\u066b", ".").replaceAll("\u2212", "-");
  const text = digits.replace(GROUPS, "");
  if (!PLAIN.test(text)) return null;
  const [whole, decimals = ""] = text.replace(/^[+-]/, "").split(".");
  if (decimals.replace(/0+$/, "").length > places) return null;
  const grouped = (whole.replace(/^0+(?=\d)/, "") || "0").replace(/\B(?=(\d{3})+$)/g, ",");
  const shown = places ? `${grouped}.${decimals.padEnd(places, "0").slice(0, places)}` : grouped;
  return text.startsWith("-") ? `−${shown}` : shown;
}

function echo(input) {
  for (const output of document.querySelectorAll(`[data-echo="${input.id}"]`)) {
    output.textContent = understood(input.value, Number(input.dataset.places)) ?? "–";
  }
}

const echoAll = () => document.querySelectorAll("[data-places]").forEach(echo);

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-places]")) echo(event.target);
});

// Buttons that fill a field with a suggested amount.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  const field = document.getElementById(button.dataset.for);
  field.value = button.dataset.fill;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

document.addEventListener("htmx:afterSettle", echoAll);
echoAll();
