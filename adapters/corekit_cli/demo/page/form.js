"use strict";

// The form: filling it, reading it, showing its problems beside its fields, keeping it in the
// fragment of the address. What is right and wrong is the server's to say.

const byId = (id) => document.getElementById(id);
let demo;

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const NAMED = ["allow_origins", "allow_methods", "allow_headers", "expose_headers", "max_age",
  "preflight_status", "method", "path", "headers", "credentials", "body"];
const FLAGS = ["allow_credentials", "allow_private_network"];
const RISK_BOXES = [...document.querySelectorAll("[name=accept_risks]")];
const PAGES = [...document.querySelectorAll("[name=page]")];

function readForm() {
  const form = {};
  for (const name of NAMED) form[name] = byId(name).value;
  for (const name of FLAGS) form[name] = byId(name).checked;
  form.accept_risks = RISK_BOXES.filter((box) => box.checked).map((box) => box.value).join(", ");
  form.page = PAGES.find((radio) => radio.checked).value || byId("typed").value;
  return form;
}

function fillForm(form) {
  for (const [name, value] of Object.entries(form)) {
    if (FLAGS.includes(name)) byId(name).checked = value;
    else if (NAMED.includes(name)) byId(name).value = value;
  }
  if ("accept_risks" in form) {
    const accepted = form.accept_risks.split(/[\s,]+/);
    for (const box of RISK_BOXES) box.checked = accepted.includes(box.value);
  }
  if ("page" in form) {
    const radio = PAGES.find((one) => one.value === form.page) ?? byId("page-typed");
    radio.checked = true;
    if (radio.id === "page-typed") byId("typed").value = form.page;
  }
  const hidden = ["max_age", "preflight_status", "accept_risks", "allow_private_network"];
  const set = readForm();
  if (hidden.some((name) => set[name] !== demo.empty[name])) byId("more").open = true;
}

// Only what differs from the empty form, so that an address can be read by people.
function keepInAddress(form) {
  const kept = Object.entries(form).filter(([name, value]) => value !== demo.empty[name]);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function readAddress() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const form = { ...demo.empty, page: demo.here };
  for (const [name, value] of kept) {
    if (name in form) form[name] = FLAGS.includes(name) ? value === "true" : value;
  }
  return kept.size ? form : null;
}

// What shows a problem: the field, or the group, that its field begins with.
function controlOf(problem) {
  return byId(problem.field.replace(/\[.*$/, ""));
}

function clearProblems() {
  for (const shown of document.querySelectorAll("#form .error")) shown.remove();
  for (const control of document.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    const others = (control.getAttribute("aria-describedby") ?? "").split(" ")
      .filter((id) => id && !id.endsWith("-error"));
    if (others.length) control.setAttribute("aria-describedby", others.join(" "));
    else control.removeAttribute("aria-describedby");
  }
}

function tellProblem(problem, ...before) {
  return make("li", "", ...before, make("code", "", problem.value), ` ${problem.message} `,
    make("span", "hint", problem.hint));
}

// Each problem under the field that it is of, which names it as its description.
function showProblems(problems) {
  clearProblems();
  for (const problem of problems) {
    const control = controlOf(problem);
    const id = `${control.id}-error`;
    let list = byId(id);
    if (!list) {
      list = make("ul", "error");
      list.id = id;
      if (control.matches("input, select, textarea")) control.after(list);
      else control.append(list);
      const described = control.getAttribute("aria-describedby");
      control.setAttribute("aria-describedby", described ? `${id} ${described}` : id);
      control.setAttribute("aria-invalid", "true");
      control.closest("details")?.setAttribute("open", "");
    }
    list.append(tellProblem(problem));
  }
  if (problems.some((problem) => RISK_BOXES.some((box) => box.value === problem.code))) {
    byId("more").open = true;
  }
  const count = problems.length;
  byId("problems").textContent = count ? `✗ ${count} ${count === 1 ? "problem" : "problems"}` : "";
}

function focusControl(control) {
  (control.matches("input, select, textarea") ? control : control.querySelector("input")).focus();
}
