// Who is signed in in which slot of this browser, as far as its pages have told (DESIGN: account slots).

import { read, remove, write } from "./storage.js";

const KEY = "parley.accounts";
const SLOTS = 10;

export function known() {
  return read(KEY) ?? {};
}

export function remember(slot, user, root) {
  write(KEY, { ...known(), [slot]: { id: user.id, name: user.display_name, username: user.username, hue: user.hue, kind: user.kind, root } });
}

export function forget(slot) {
  const { [slot]: gone, ...rest } = known();
  if (!gone) return;
  if (Object.keys(rest).length) write(KEY, rest);
  else remove(KEY);
}

// Where one more account can sign in, or null when every slot is taken. `base` is the address of slot 0.
export function signInAddress(base) {
  const taken = known();
  const free = Array.from({ length: SLOTS }, (_, slot) => slot).find((slot) => !(slot in taken));
  if (free === undefined) return null;
  return free === 0 ? `${base}/login` : `${base}/u/${free}/login`;
}
