// What the theme leaves out for keyboards and screen readers.
for (const [selector, attributes] of Object.entries({
  ".caption[role=heading]": { "aria-level": 2 },
  ".sidebar-drawer": { "aria-label": "All pages" },
  ".toc-drawer": { "aria-label": "On this page" },
  ".content-icon-container": { role: "navigation", "aria-label": "This page" },
  "pre, .table-wrapper": { tabindex: 0 },
})) {
  for (const element of document.querySelectorAll(selector)) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  }
}
const results = document.querySelector("#search-results");
if (results !== null) {
  const title = document.createElement("h1");
  title.textContent = "Search";
  results.before(title);
}
