// Two small sounds, made here rather than loaded.

const PAUSE = 1_500; // several messages at once are one sound

// What is heard: frequency in Hz, loudness, start and length in seconds.
const SOUNDS = {
  soft: [
    [587.33, 0.1, 0, 0.22],
    [880, 0.08, 0.09, 0.34],
  ],
  bell: [
    [1046.5, 0.12, 0, 0.9],
    [2093, 0.05, 0, 0.6],
    [3139.5, 0.025, 0, 0.35],
  ],
};

let context;
let last = -Infinity;

export function ring(name) {
  const now = performance.now();
  // Before anybody has touched the page, browsers would keep the sound back and play it much later.
  const allowed = navigator.userActivation?.hasBeenActive ?? true;
  if (!SOUNDS[name] || !allowed || now - last < PAUSE) return;
  last = now;
  context ??= new AudioContext();
  context.resume();
  for (const note of SOUNDS[name]) play(...note);
}

function play(frequency, loudness, start, length) {
  const begin = context.currentTime + start;
  const tone = new OscillatorNode(context, { frequency });
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, begin);
  volume.gain.linearRampToValueAtTime(loudness, begin + 0.012);
  volume.gain.exponentialRampToValueAtTime(0.0001, begin + length);
  tone.connect(volume).connect(context.destination);
  tone.start(begin);
  tone.stop(begin + length);
}
