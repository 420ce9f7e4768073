export default [
  { name: "abc", rows: ["azertyuiop", "qsdfghjklm", "wxcvbnéèçà"] },
  { name: "âëî", rows: ["âäæêëîïôœö", "ùûüÿñáíóúã", "åøßšžčłěřý"] },
];
