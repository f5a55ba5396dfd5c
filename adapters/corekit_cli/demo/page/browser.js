"use strict";

// What this browser does: it makes the call from this page, from the other site in a frame, or from
// a sandboxed iframe. Scripts cannot see whether a preflight was sent, so the log of the API is read.

async function fetchJson(path, init) {
  const response = await fetch(path, init);
  const value = await response.json();
  if (!response.ok) throw new Error(`${response.status}: ${value.error.message}`);
  return value;
}

function post(path, form) {
  const headers = { "content-type": "application/json" };
  return fetchJson(path, { method: "POST", headers, body: JSON.stringify(form) });
}

function callInFrame(src, sandboxed, call) {
  return new Promise((resolve) => {
    const frame = make("iframe");
    frame.hidden = true;
    frame.title = "The calling page";
    if (sandboxed) frame.sandbox = "allow-scripts";
    const finish = (outcome) => {
      removeEventListener("message", listen);
      clearTimeout(timer);
      frame.remove();
      resolve(outcome);
    };
    const listen = (event) => {
      // Trust only the frame itself, and only while it shows a page of the expected origin.
      if (event.source !== frame.contentWindow) return;
      if (event.origin !== (sandboxed ? "null" : new URL(src).origin)) return;
      if (event.data.ready) event.source.postMessage(call, sandboxed ? "*" : event.origin);
      else finish(event.data.outcome);
    };
    const timer = setTimeout(() => finish({ readable: false, status: null, body: null,
      headers: [], error: "The page in the frame did not respond." }), demo.frame_timeout);
    addEventListener("message", listen);
    frame.src = src;
    document.body.append(frame);
  });
}

function listHeaders(text) {
  return text.split("\n").filter((line) => line.trim()).map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at).trim(), line.slice(at + 1)]; // fetch() trims the value
  });
}

// Make the call if this browser has a page of that origin; otherwise return null. The pages of the
// demo come from this computer.
async function callAsPage(form, run) {
  if (form.public_page) return null;
  const url = new URL(form.path.trim(), demo.api);
  url.search += `${url.search ? "&" : ""}${new URLSearchParams({ run })}`;
  const call = {
    url: String(url),
    method: form.method.trim(),
    headers: listHeaders(form.headers),
    body: form.body,
    credentials: form.credentials,
  };
  const page = form.page.trim();
  if (page === demo.here) return callApi(call);
  if (page === "null") return callInFrame(`${demo.here}/frame`, true, call);
  if (page === demo.page || page === demo.untrusted) {
    return callInFrame(`${page}/frame`, false, call);
  }
  return null;
}

// A whole run: what the standard requires, what this browser did, and whether the two agree.
async function perform(form) {
  const reply = await post("/run", form);
  if (reply.problems.length) return { form, problems: reply.problems };
  const { verdict, policy, run } = reply;
  const outcome = await callAsPage(form, run);
  const seen = outcome ? await fetchJson(`/requests?${new URLSearchParams({ run })}`) : [];
  return { form, problems: [], verdict, policy, outcome, seen,
    agreement: outcome && compare(verdict, outcome, seen) };
}

// Whether the guard refuses the request.
function isRefused({ guard }) {
  return Boolean(guard) && !guard.allowed;
}

// "agree", "deviate" if browsers are known to deviate from the standard here, or "differ".
function compare(verdict, outcome, seen) {
  const expected = verdict.exchanges.map((exchange) => exchange.request.method);
  const same = outcome.readable === verdict.allowed
    && isRefused(verdict) === seen.some((request) => request.refused)
    && JSON.stringify(seen.map((request) => request.method)) === JSON.stringify(expected);
  if (same) return "agree";
  return verdict.deviating.length && outcome.readable !== verdict.allowed ? "deviate" : "differ";
}
