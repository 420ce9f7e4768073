import { LATIN_LAYER } from "./index.js";

export default [
  { name: "ابت", rows: ["ضصثقفغعهخح", "شسيبلاتنمك", "ئءؤرىةوزظط", "جدذأإآ"] },
  LATIN_LAYER,
];
