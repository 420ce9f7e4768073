export default [
  { name: "abc", rows: ["qwertyuiop", "asdfghjkl", "zxcvbnm"] },
  { name: "éñü", rows: ["áàâäãåæçéè", "êëíìîïñóòô", "öõøœßúùûüý"] },
];
