export default [
  { name: "abc", rows: ["qwertyuiop", "asdfghjklñ", "zxcvbnm"] },
  { name: "áéí", rows: ["áéíóúüàèìò", "ùçâêîôûäëï", "öãõåæøœßýž"] },
];
