"use strict";

// What this very browser does: the call is really made, by this page, by the other site in a frame
// or by a sandboxed frame; and what reached the API is read from its log, since no page is told
// whether a preflight was sent.

async function post(path, form) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(form) });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json();
}

async function readLog(run) {
  const response = await fetch(`/requests?${new URLSearchParams({ run })}`);
  if (!response.ok) throw new Error(`the log of the API: ${response.status}`);
  return response.json();
}

function callInFrame(src, sandboxed, call) {
  return new Promise((resolve) => {
    const frame = make("iframe");
    frame.hidden = true;
    frame.title = "The page that calls";
    if (sandboxed) frame.sandbox = "allow-scripts";
    const finish = (outcome) => {
      removeEventListener("message", listen);
      clearTimeout(timer);
      frame.remove();
      resolve(outcome);
    };
    const listen = (event) => {
      // Nobody but the frame itself is believed, whatever page it shows by now.
      if (event.source !== frame.contentWindow) return;
      if (event.origin !== (sandboxed ? "null" : new URL(src).origin)) return;
      if (event.data.ready) event.source.postMessage(call, sandboxed ? "*" : event.origin);
      else finish(event.data.outcome);
    };
    const timer = setTimeout(() => finish({ readable: false, status: null, body: null,
      headers: [], error: "the page in the frame did not answer" }), demo.patience);
    addEventListener("message", listen);
    frame.src = src;
    document.body.append(frame);
  });
}

function listHeaders(text) {
  return text.split("\n").filter((line) => line.trim()).map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at).trim(), line.slice(at + 1)]; // fetch takes HTTP whitespace off a value
  });
}

// Makes the call where this browser has a page of that origin; null where it has none.
async function callAsPage(form, run) {
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
  if (page === demo.page || page === demo.foreign) return callInFrame(`${page}/frame`, false, call);
  return null;
}

// A whole run: the model's verdict, what this browser did, and whether the two agree.
async function perform(form) {
  const answer = await post("/run", form);
  if (answer.problems.length) return { form, problems: answer.problems };
  const { verdict, policy, run } = answer;
  const outcome = await callAsPage(form, run);
  const seen = outcome ? await readLog(run) : [];
  return { form, problems: [], verdict, policy, outcome, seen,
    agreement: outcome && compare(verdict, outcome, seen) };
}

// "agree", "departs" where this browser's engines are known to depart here, or "differ".
function compare(verdict, outcome, seen) {
  const expected = verdict.exchanges.map((exchange) => exchange.request.method);
  const same = outcome.readable === verdict.allowed
    && JSON.stringify(seen.map((request) => request.method)) === JSON.stringify(expected);
  if (same) return "agree";
  return verdict.departing.length && outcome.readable !== verdict.allowed ? "departs" : "differ";
}
