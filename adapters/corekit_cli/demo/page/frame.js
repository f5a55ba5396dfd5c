"use strict";

// In a frame: make the call that the page of the demo requests, and report its outcome. Only the
// two pages of the demo can embed this document: see its Content-Security-Policy.

addEventListener("message", async (event) => {
  if (event.source !== parent || event.source === window) return;
  event.source.postMessage({ outcome: await callApi(event.data) }, event.origin);
});
parent.postMessage({ ready: true }, "*");
