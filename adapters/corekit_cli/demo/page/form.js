"use strict";

// The form: building, filling and reading it, showing problems at their fields, and keeping it in
// the fragment of the URL. The server decides what is valid.

const byId = (id) => document.getElementById(id);
let demo;

function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const COMMON = ["allow_origins", "allow_credentials", "allow_methods", "allow_headers",
  "expose_headers"]; // every other argument goes under "More arguments"
const PAGES = [...document.querySelectorAll("[name=page]")];

const boxesOf = (name) => [...document.querySelectorAll(`[name=${name}][type=checkbox][value]`)];

// The fields of the policy, one for each argument of CorsPolicy.
function buildPolicy() {
  for (const argument of demo.arguments) {
    byId(COMMON.includes(argument.name) ? "common" : "uncommon").append(buildField(argument));
  }
}

function buildField({ name, kind, hint, options }) {
  const note = make("p", "hint", hint);
  note.id = `${name}-hint`;
  if (options.length) {
    const label = make("p", "label", make("code", "argument", name));
    label.id = `${name}-label`;
    const group = make("div", "field", label, ...options.map((value) => buildCheck(name, value)), note);
    group.id = name;
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", label.id);
    group.setAttribute("aria-describedby", note.id);
    return group;
  }
  if (kind === "flag") return make("div", "field", buildCheck(name), note);
  const control = make(name.startsWith("allow_origin") ? "textarea" : "input");
  Object.assign(control, { id: name, name, spellcheck: false, autocapitalize: "none",
    autocomplete: "off", inputMode: kind === "strings" ? "text" : "numeric" });
  const label = make("label", "", make("code", "argument", name));
  label.htmlFor = name;
  control.setAttribute("aria-describedby", note.id);
  return make("div", "field", label, control, note);
}

function buildCheck(name, value) {
  const box = make("input");
  Object.assign(box, { type: "checkbox", name, id: value ? `${name}-${value}` : name });
  if (value) box.setAttribute("value", value);
  else box.setAttribute("aria-describedby", `${name}-hint`);
  const label = make("label", "", make("code", value ? "" : "argument", value ?? name));
  label.htmlFor = box.id;
  return make("div", "check", box, label);
}

function readForm() {
  const form = {};
  for (const [name, empty] of Object.entries(demo.empty)) {
    const boxes = boxesOf(name);
    if (name === "page") form.page = PAGES.find((one) => one.checked).value || byId("typed").value;
    else if (boxes.length) {
      form[name] = boxes.filter((box) => box.checked).map((box) => box.value).join(", ");
    } else form[name] = typeof empty === "boolean" ? byId(name).checked : byId(name).value;
  }
  return form;
}

function fillForm(form) {
  for (const [name, value] of Object.entries(form)) {
    const boxes = boxesOf(name);
    const words = boxes.length ? value.split(/[\s,]+/) : [];
    for (const box of boxes) box.checked = words.includes(box.value);
    if (name === "page") {
      const radio = PAGES.find((one) => one.value === value) ?? byId("page-typed");
      radio.checked = true;
      if (radio.id === "page-typed") byId("typed").value = value;
    } else if (typeof value === "boolean") byId(name).checked = value;
    else if (!boxes.length) byId(name).value = value;
  }
  const set = readForm();
  if (demo.arguments.some(({ name }) => !COMMON.includes(name) && set[name] !== demo.empty[name])) {
    byId("more").open = true;
  }
}

// Only what differs from the empty form, so that people can read the URL.
function keepInUrl(form) {
  const kept = Object.entries(form).filter(([name, value]) => value !== demo.empty[name]);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function readUrl() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const form = { ...demo.empty, page: demo.here };
  for (const [name, value] of kept) {
    if (name in form) {
      form[name] = typeof demo.empty[name] === "boolean" ? value === "true" : value;
    }
  }
  return kept.size ? form : null;
}

// The field, or the group, that the subject of a problem begins with.
function controlOf(problem) {
  return byId(problem.subject.replace(/\[.*$/, ""));
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

function describeProblem(problem, ...before) {
  return make("li", "", ...before, make("code", "", problem.value), ` ${problem.message} `,
    make("span", "hint", problem.hint));
}

// Each problem goes below its field, and becomes part of the field's description.
function showProblems(problems) {
  clearProblems();
  for (const problem of problems) {
    const control = controlOf(problem);
    const id = `${control.id}-error`;
    let list = byId(id);
    if (!list) {
      list = make("ul", "error");
      list.id = id;
      if (control.matches("[type=checkbox]")) control.parentElement.after(list);
      else if (control.matches("input, select, textarea")) control.after(list);
      else control.append(list);
      const described = control.getAttribute("aria-describedby");
      control.setAttribute("aria-describedby", described ? `${id} ${described}` : id);
      control.setAttribute("aria-invalid", "true");
      control.closest("details")?.setAttribute("open", "");
    }
    list.append(describeProblem(problem));
  }
  if (problems.some(({ code }) => document.querySelector(`#more [value="${code}"]`))) {
    byId("more").open = true; // the risk can be accepted there
  }
  const count = problems.length;
  byId("problems").textContent = count ? `✗ ${count} ${count === 1 ? "problem" : "problems"}` : "";
}

function focusControl(control) {
  (control.matches("input, select, textarea") ? control : control.querySelector("input")).focus();
}
