/** Short sounds by WebAudio: done, refused, recording. */

const TUNES = {
  done: [[880, 0.09]],
  refused: [[330, 0.14], [247, 0.2]],
  recording: [[660, 0.07], [880, 0.07]],
};

let context = null;
let volume = 0.5;

/** @param {number} level 0 (silent) to 100 */
export function setVolume(level) {
  volume = Math.max(0, Math.min(100, Number(level) || 0)) / 100;
}

/** @param {"done"|"refused"|"recording"} name */
export function sound(name) {
  if (!volume || !TUNES[name]) return;
  context = context || new AudioContext();
  // a page that nobody touched yet may not sound; the screen says everything as well
  if (context.state === "suspended") context.resume().catch(() => {});
  let at = context.currentTime;
  for (const [frequency, seconds] of TUNES[name]) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(volume * 0.4, at);
    gain.gain.setTargetAtTime(0, at + seconds * 0.7, seconds * 0.1);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + seconds);
    tone.onended = () => gain.disconnect();
    at += seconds;
  }
}
