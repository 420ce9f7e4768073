import { LATIN_LAYER } from "./index.js";

const HIRAGANA = [
  "あいうえおかきくけこ", "さしすせそたちつてと", "なにぬねのはひふへほ", "まみむめもやゆよわん",
  "らりるれろをゃゅょっ", "がぎぐげござじずぜぞ", "だぢづでどばびぶべぼ", "ぱぴぷぺぽぁぃぅぇぉ", "ー",
];
const TO_KATAKANA = 0x60;

/** Katakana stand in Unicode in the same order as hiragana. */
function katakana(row) {
  return [...row].map((kana) => (kana === "ー" ? kana : String.fromCodePoint(kana.codePointAt(0) + TO_KATAKANA))).join("");
}

export default [
  { name: "あ", rows: HIRAGANA },
  { name: "ア", rows: HIRAGANA.map(katakana) },
  LATIN_LAYER,
];
