"use strict";

// In a frame: make the call that the page of the demo asks for, and tell it how that went. Who may
// frame this is said in its Content-Security-Policy: nobody but the demo's two sites.

addEventListener("message", async (event) => {
  if (event.source !== parent || event.source === window) return;
  event.source.postMessage({ outcome: await callApi(event.data) }, event.origin);
});
parent.postMessage({ ready: true }, "*");
