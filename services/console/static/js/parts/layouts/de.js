export default [
  { name: "abc", rows: ["qwertzuiopü", "asdfghjklöä", "yxcvbnmß"] },
  { name: "éñç", rows: ["áàâãåæçéèê", "ëíìîïñóòôõ", "øœúùûýłşğčž"] },
];
