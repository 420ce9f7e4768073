import { LATIN_LAYER } from "./index.js";

export default [
  { name: "абв", rows: ["йцукенгшщзх", "фывапролджэ", "ячсмитьбюъё"] },
  LATIN_LAYER,
];
