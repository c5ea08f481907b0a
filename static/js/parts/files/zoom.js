// What fingers, wheel and mouse do with a picture: nearer and farther, moved about, swiped away.

const NEAREST = 4; // times the size that fits, at least
const PIXEL = 2; // … and so far that a pixel of the picture has so many of the screen
const DOUBLE = 2.5;
const BUTTON = 1.5;
const WHEEL = 0.0022;
const STILL = 8; // px that a finger may move and still tap
const TWICE = 300; // ms between two taps
const SWIPE = 60; // px
const FALL = 110;

// `pane()` is the element that moves, `size()` {width, height, pixels} as it fits, `step(by)`, `close()`, `outside()` act.
export function createZoom(stage, { pane, size, step, close, changed }) {
  const fingers = new Map(); // pointer id → {x, y}
  let [scale, x, y] = [1, 0, 0];
  let drag = null; // {x, y, moved, axis} of one finger, from where it began
  let tap = { at: 0, x: 0, y: 0 };
  stage.addEventListener("wheel", wheel, { passive: false });
  stage.addEventListener("pointerdown", down);
  stage.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, up);

  const most = () => Math.max(NEAREST, (size().pixels * PIXEL) / size().width);

  function reset() {
    [scale, x, y, drag] = [1, 0, 0, null];
    fingers.clear();
    show();
  }

  function show({ gliding = false } = {}) {
    const element = pane();
    if (!element) return;
    element.dataset.gliding = gliding;
    element.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    stage.dataset.zoomed = scale > 1;
  }

  // Towards the place {x, y} on screen, which stays where it is.
  function zoom(to, place, { gliding = true } = {}) {
    const before = scale;
    const middle = middleOfStage();
    scale = Math.min(Math.max(to, 1), most());
    x = place.x - middle.x - ((place.x - middle.x - x) * scale) / before;
    y = place.y - middle.y - ((place.y - middle.y - y) * scale) / before;
    hold();
    show({ gliding });
    changed();
  }

  function middleOfStage() {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  }

  // Not beyond the edges.
  function hold() {
    const { width, height } = size();
    const room = { x: Math.max(0, (width * scale - stage.clientWidth) / 2), y: Math.max(0, (height * scale - stage.clientHeight) / 2) };
    x = Math.min(Math.max(x, -room.x), room.x);
    y = Math.min(Math.max(y, -room.y), room.y);
  }

  function wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    zoom(scale * Math.exp(-event.deltaY * lines * WHEEL), { x: event.clientX, y: event.clientY }, { gliding: false });
  }

  function down(event) {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    drag = fingers.size === 1 ? { x: event.clientX, y: event.clientY, inside: Boolean(event.target.closest("[data-pane]")), moved: false, axis: null } : null;
  }

  function move(event) {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (fingers.size === 2) pinch(event.pointerId, before, now);
    fingers.set(event.pointerId, now);
    if (!drag) return;
    const [dx, dy] = [now.x - drag.x, now.y - drag.y];
    if (!drag.moved && Math.hypot(dx, dy) < STILL) return;
    drag.moved = true;
    drag.axis ??= Math.abs(dx) > Math.abs(dy) ? "x" : "y";
    if (scale > 1) pan(now.x - before.x, now.y - before.y);
    else follow(drag.axis === "x" ? dx : 0, drag.axis === "y" ? Math.max(0, dy) : 0);
  }

  function pan(dx, dy) {
    [x, y] = [x + dx, y + dy];
    hold();
    show();
  }

  function follow(dx, dy) {
    [x, y] = [dx, dy];
    stage.style.setProperty("--fall", Math.min(1, dy / (FALL * 3)));
    show();
  }

  function pinch(id, before, now) {
    const [, other] = [...fingers].find(([one]) => one !== id);
    const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
    zoom((scale * apart(now)) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }, { gliding: false });
    pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  function up(event) {
    if (!fingers.delete(event.pointerId)) return;
    const ended = drag;
    drag = null;
    if (!ended || event.type === "pointercancel") return settle();
    if (!ended.moved) return tapped(event, ended.inside);
    if (scale > 1) return;
    const [dx, dy] = [x, y];
    settle();
    if (ended.axis === "x" && Math.abs(dx) > SWIPE) step(dx < 0 ? 1 : -1);
    else if (ended.axis === "y" && dy > FALL) close();
  }

  function settle() {
    if (scale > 1) return;
    [x, y] = [0, 0];
    stage.style.removeProperty("--fall");
    show({ gliding: true });
  }

  function tapped({ clientX, clientY, timeStamp }, inside) {
    if (!inside) return close();
    const twice = timeStamp - tap.at < TWICE && Math.hypot(clientX - tap.x, clientY - tap.y) < 4 * STILL;
    tap = { at: twice ? 0 : timeStamp, x: clientX, y: clientY };
    if (twice) zoom(scale > 1 ? 1 : DOUBLE, { x: clientX, y: clientY });
  }

  return {
    reset,
    nearer: () => zoom(scale * BUTTON, middleOfStage()),
    farther: () => zoom(scale / BUTTON, middleOfStage()),
    fit: () => zoom(1, middleOfStage()),
    get scale() { return scale; },
    get isNearest() { return scale >= most(); },
  };
}
