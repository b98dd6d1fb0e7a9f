// Reads a live update, or a stretch of the past; dashboard/live/wire.py and dashboard/past/stretch.py
// say how they are laid out.

const ALIGN = 8;
const TEXT = new TextDecoder();

export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(TEXT.decode(new Uint8Array(buffer, 4, length)));
  let offset = 4 + length;
  const array = (Type, n) => {
    const view = new Type(buffer, offset, n);
    offset += Math.ceil((n * Type.BYTES_PER_ELEMENT) / ALIGN) * ALIGN;
    return view;
  };
  for (const block of header.blocks ?? []) readBlock(block, array);
  if (header.kind === "buckets") header.buckets = readBuckets(header, array);
  return header;
}

function readBlock(block, array) {
  const { n, features, reconstructed } = block;
  block.ids = array(Float64Array, n);
  block.ts = array(Float64Array, n);
  const values = array(Float32Array, n * features.length);
  block.values = features.map((_, f) => values.subarray(f * n, (f + 1) * n));
  const model = array(Float32Array, n * reconstructed.length);
  block.reconstruction = features.map((_, f) => {
    const at = reconstructed.indexOf(f);
    return at < 0 ? null : model.subarray(at * n, (at + 1) * n);
  });
  block.score = array(Float32Array, n);
  block.judged = array(Uint8Array, n);
  block.shares = array(Uint8Array, block.frames * features.length);
}

function readBuckets({ n, features }, array) {
  const byFeature = () => {
    const all = array(Float32Array, n * features.length);
    return features.map((_, f) => all.subarray(f * n, (f + 1) * n));
  };
  return {
    ts: array(Float64Array, n), width: array(Float32Array, n),
    low: byFeature(), mean: byFeature(), high: byFeature(),
    score: array(Float32Array, n), threshold: array(Float32Array, n),
    anomalies: array(Float32Array, n), running: array(Float32Array, n), breaks: array(Uint8Array, n),
  };
}
