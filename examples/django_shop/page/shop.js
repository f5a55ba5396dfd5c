// Calls the shop from a page of another site: `credentials` sends the cookies, and the CSRF token is in
// a header, since the page cannot read a cookie of another site.
export class Shop {
  constructor(api) {
    this.api = api;
    this.token = null;
  }

  async call(method, path, body) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (this.token !== null) headers["X-CSRFToken"] = this.token;
    const response = await fetch(this.api + path, {
      method,
      headers,
      credentials: "include",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const type = response.headers.get("Content-Type") ?? "";
    const answer = type.startsWith("application/json") ? await response.json() : null;
    // A login starts a new session, which has a new token.
    if (answer?.token) this.token = answer.token;
    return { status: response.status, answer };
  }

  start() {
    return this.call("GET", "/api/token/");
  }

  logIn(name, password) {
    return this.call("POST", "/api/login/", { name, password });
  }

  orders() {
    return this.call("GET", "/api/orders/");
  }

  order(item) {
    return this.call("POST", "/api/orders/", { item });
  }

  change(number, item) {
    return this.call("PUT", `/api/orders/${number}/`, { item });
  }
}
