import { createRequire as _createRequire } from 'node:module'
const require = _createRequire(import.meta.url)

// src/rehearsal/workflows/process-clock.ts
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
var { searchParams } = new URL(import.meta.url);
var file = searchParams.get("file");
var url = searchParams.get("url");
if (file !== null && url !== null) install(file, url);
function install(clockFile, clockUrl) {
  const now = () => Number(readFileSync(clockFile, "latin1"));
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    get: (target, key) => key === "now" ? now : Reflect.get(target, key)
  });
  timers.setTimeout = async (ms, value, options) => {
    await sleep(clockUrl, ms ?? 0, options?.signal);
    return value;
  };
  syncBuiltinESMExports();
}
function sleep(clockUrl, ms, signal) {
  return new Promise((resolve, reject) => {
    const given = signal === void 0 ? {} : { signal };
    const asked = request(`${clockUrl}?ms=${ms}`, { method: "POST", agent: false, ...given });
    asked.once("error", reject);
    asked.once("response", (response) => {
      response.resume().once("end", resolve);
    });
    asked.end();
  });
}
