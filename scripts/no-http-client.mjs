/**
 * Takes the place of @actions/http-client in the bundles. @actions/core needs it for OpenID Connect
 * tokens alone, which Rollgate never asks for, and it would bring 800 KB that every run has to load.
 */
const REFUSAL = 'Rollgate was bundled without the HTTP client of @actions/core.'

export class HttpClient {
  constructor() {
    throw new Error(REFUSAL)
  }
}

export class BearerCredentialHandler {
  constructor() {
    throw new Error(REFUSAL)
  }
}
