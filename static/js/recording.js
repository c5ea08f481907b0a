// One's own voice: taken from the microphone, measured while it is heard, paused and gone on with, and a file in the end. Draws
// nothing.

// What plays everywhere comes first; what cannot be played by all is converted by the server where it can.
const TYPES = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/webm", "audio/mp4", "audio/ogg"];
const EXTENSIONS = { "audio/mp4": "m4a", "audio/webm": "webm", "audio/ogg": "ogg" };
const BITS = 48_000; // a second
const SLICE = 1_000; // ms of sound handed over at once
const TICK = 60; // ms between two looks at how loud it is
const BARS = 64;

export const canRecord = () => Boolean(globalThis.MediaRecorder && navigator.mediaDevices && TYPES.some((type) => MediaRecorder.isTypeSupported(type)));

// Asks for the microphone, and throws as the browser does. `heard()` is told of each new level, `full()` that `most` bytes are
// there. `levels` are 0…1, one for each tick; `seconds` is how long it is by now.
export async function startRecording({ most, heard, full }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 } });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS });
  const listener = listen(stream);
  const chunks = [];
  const levels = [];
  let size = 0;
  let before = 0; // ms until the last pause
  let since = performance.now();
  recorder.addEventListener("dataavailable", ({ data }) => {
    chunks.push(data);
    size += data.size;
    if (size >= most) full();
  });
  const timer = setInterval(() => {
    if (recorder.state !== "recording") return;
    levels.push(listener.level());
    heard();
  }, TICK);
  recorder.start(SLICE);

  const length = () => before + (recorder.state === "recording" ? performance.now() - since : 0);

  function pause() {
    if (recorder.state !== "recording") return;
    before = length();
    recorder.pause();
  }

  function resume() {
    if (recorder.state !== "paused") return;
    recorder.resume();
    since = performance.now();
  }

  // The recording as it is now: it can be gone on with until `end`.
  async function sofar() {
    pause();
    if (recorder.state === "paused") {
      const handed = new Promise((resolve) => recorder.addEventListener("dataavailable", resolve, { once: true }));
      recorder.requestData();
      await handed;
    }
    return new Blob(chunks, { type: bareType(recorder) });
  }

  async function finish() {
    before = length();
    const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
    if (recorder.state !== "inactive") {
      recorder.stop();
      await stopped;
    }
    release();
    const blob = new Blob(chunks, { type: bareType(recorder) });
    const name = `voice-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.${EXTENSIONS[blob.type]}`;
    return { blob, name, type: blob.type, size: blob.size, kind: "audio", voice: true, duration: Math.round(before), waveform: bars(levels) };
  }

  function release() {
    clearInterval(timer);
    listener.end();
    for (const track of stream.getTracks()) track.stop();
  }

  function cancel() {
    if (recorder.state !== "inactive") recorder.stop();
    release();
  }

  return { pause, resume, sofar, finish, cancel, levels, get state() { return recorder.state; }, get seconds() { return length() / 1_000; } };
}

const bareType = ({ mimeType }) => mimeType.split(";")[0];

function listen(stream) {
  const context = new AudioContext();
  context.resume().catch(() => {}); // where it does not begin by itself
  const analyser = context.createAnalyser();
  const samples = new Float32Array(analyser.fftSize);
  context.createMediaStreamSource(stream).connect(analyser);

  // The ear hears ratios: 0 is silence at −50 dB, 1 as loud as can be.
  function level() {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 50));
  }

  return { level, end: () => context.close() };
}

// As many as a stored waveform has, 0…100, the loudest of each stretch.
export function bars(levels, count = BARS) {
  const wanted = Math.min(count, levels.length);
  return Array.from({ length: wanted }, (_, index) => {
    const stretch = levels.slice(Math.floor((index * levels.length) / wanted), Math.floor(((index + 1) * levels.length) / wanted));
    return Math.round(100 * Math.max(0, ...stretch));
  });
}
