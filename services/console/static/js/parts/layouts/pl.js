export default [
  { name: "abc", rows: ["qwertyuiop", "asdfghjkl", "zxcvbnm"] },
  { name: "ąęł", rows: ["ąćęłńóśźżä", "öüßáéíúýčš", "žřěůàèâêôç"] },
];
