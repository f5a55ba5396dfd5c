"use strict";

// One call to the API, and what a page can read of the response. The page and its frames share this
// file, so they all call in the same way.

async function callApi({ url, method, headers, body, credentials }) {
  try {
    const response = await fetch(url, { method, headers, body: body || undefined, credentials });
    const text = await response.text();
    return {
      readable: true,
      status: response.status,
      body: text.slice(0, 2000),
      headers: [...response.headers],
      error: null,
    };
  } catch (error) {
    return { readable: false, status: null, body: null, headers: [], error: String(error) };
  }
}
