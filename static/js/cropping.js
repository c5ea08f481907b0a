// A square of a picture: where it lies and how large it is, in the picture's own pixels. Plain numbers.

export const LARGEST_ZOOM = 5;

export function startOf({ width, height }) {
  return { width, height, zoom: 1, x: width / 2, y: height / 2 };
}

// The side of what is shown, in the picture's pixels.
export const sideOf = ({ width, height, zoom }) => Math.min(width, height) / zoom;

export function moved(crop, dx, dy) {
  return within({ ...crop, x: crop.x + dx, y: crop.y + dy });
}

// The point at (px, py), each 0…1 of the square, stays where it is.
export function zoomed(crop, zoom, px = 0.5, py = 0.5) {
  const next = { ...crop, zoom: Math.min(LARGEST_ZOOM, Math.max(1, zoom)) };
  const less = sideOf(crop) - sideOf(next);
  return within({ ...next, x: crop.x + less * (px - 0.5), y: crop.y + less * (py - 0.5) });
}

function within(crop) {
  const half = sideOf(crop) / 2;
  const inside = (value, most) => Math.min(most - half, Math.max(half, value));
  return { ...crop, x: inside(crop.x, crop.width), y: inside(crop.y, crop.height) };
}
