// One tab of an account speaks for all of them, and only while nobody looks at any.

import { lookingLock } from "./attention.js";

const TURN = 300;

export function createSpeaker(me, attentive) {
  return navigator.locks ? byLocks(me, attentive) : byWord(me, attentive);
}

// Whoever holds the lock speaks until the tab ends or loses its connection; everybody who looks holds another, shared one.
function byLocks(me, attentive) {
  let candidacy = null;
  let release = null;

  async function speaksFor() {
    if (attentive()) return false;
    const { held } = await navigator.locks.query();
    if (held.some(({ name }) => name === lookingLock(me))) return false;
    candidacy ??= stand();
    const elected = await candidacy;
    if (!elected) candidacy = null;
    return elected;
  }

  function stand() {
    return new Promise((elected) => {
      navigator.locks.request(`parley.speaker.${me.id}`, { ifAvailable: true }, (lock) => {
        elected(Boolean(lock));
        return lock && new Promise((done) => (release = done));
      });
    });
  }

  function resign() {
    release?.();
    release = candidacy = null;
  }

  return { speaksFor, resign };
}

// Plain HTTP has no locks: whoever says first that a thing is taken, at random moments; those who look say it at once.
function byWord(me, attentive) {
  const channel = new BroadcastChannel(`parley.speaker.${me.id}`);
  const taken = new Set();
  channel.addEventListener("message", ({ data }) => taken.add(data));

  async function speaksFor(thing) {
    if (!attentive()) await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * TURN));
    if (taken.has(thing)) return false;
    taken.add(thing);
    channel.postMessage(thing);
    return !attentive();
  }

  return { speaksFor, resign() {} };
}
