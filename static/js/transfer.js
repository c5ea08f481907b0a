// One file on its way to the server, by tus 1.0: it goes on where it stopped. The only file that knows tus-js-client; knows
// nothing of messages.

import { Upload } from "../vendor/tus-js-client/tus.js";
import { Refusal, noAnswer } from "./api.js";

const BEGUN_ELSEWHERE = [409, 423]; // another request still writes: ask again where it stands
const FULL = 507;

export function createTransfer({ root, userId, csrf, api }) {
  const endpoint = `${location.origin}${root}/uploads`;
  const headers = { Accept: "application/json", "X-CSRFToken": csrf, "X-Account": String(userId) };

  // Gives the file as the server describes it. `upload` is the id it was begun under, or null; `begun(id)` hears of another
  // one, `progress(sent)` of bytes, `sent()` of the last. Throws a Refusal, after `signal` was aborted one that passes.
  async function send(blob, { name, type, voice = false, upload = null, waveform, duration }, { signal, begun = () => {}, progress = () => {}, sent = () => {} }) {
    const id = await carry(blob, { name, type, voice, upload }, { signal, begun, progress });
    sent();
    return finish(id, { ...(waveform && { waveform }), ...(duration && { duration }) }, signal);
  }

  function carry(blob, { name, type, voice, upload: known }, { signal, begun, progress }) {
    return new Promise((resolve, reject) => {
      const upload = new Upload(blob, {
        endpoint,
        headers,
        uploadUrl: known ? `${endpoint}/${known}` : null,
        metadata: { filename: name, filetype: type, ...(voice && { voice: "1" }) },
        retryDelays: null, // when to try again is decided where the connection is known
        storeFingerprintForResuming: false,
        onUploadUrlAvailable: () => begun(idOf(upload)),
        onProgress: progress,
        onSuccess: () => resolve(idOf(upload)),
        onError: (error) => reject(refusalOf(error)),
      });
      signal.addEventListener("abort", () => {
        upload.abort();
        reject(noAnswer());
      });
      if (signal.aborted) reject(noAnswer());
      else upload.start();
    });
  }

  // The server looks into the file meanwhile, and says so as often as that takes long.
  async function finish(id, hints, signal) {
    while (!signal.aborted) {
      const { file } = await api.finishUpload(id, hints);
      if (file) return file;
    }
    throw noAnswer();
  }

  // Where that fails the server gives it up by itself.
  function cancel(id) {
    Upload.terminate(`${endpoint}/${id}`, { headers, retryDelays: null }).catch(() => {});
  }

  return { send, cancel };
}

const idOf = ({ url }) => url.split("/").at(-1);

function refusalOf({ originalResponse: response }) {
  const status = response?.getStatus() ?? 0;
  if (!status || BEGUN_ELSEWHERE.includes(status) || (status >= 500 && status !== FULL)) return noAnswer();
  return new Refusal(toldBy(response) ?? { code: [404, 410].includes(status) ? "not_found" : "internal", message: "" });
}

function toldBy(response) {
  try {
    return JSON.parse(response.getBody()).error ?? null;
  } catch {
    return null;
  }
}
