"""A name and a text that each character set is there for."""

NAMES = {
    "ISO_IR 100": ("Müller^Jörg", "Straße prüfen"),
    "ISO_IR 101": ("Žižka^Łukasz", "Vyšetření hlavy"),
    "ISO_IR 109": ("Ġużeppi^Ħal", "Eżami taċ-ċirku"),
    "ISO_IR 110": ("Ķēniņš^Jānis", "Galvas izmeklēšana"),
    "ISO_IR 144": ("Люкceмбypг^Иван", "Исследование груди"),
    "ISO_IR 127": ("قباني^لنزار", "فحص الصدر"),
    "ISO_IR 126": ("Διονυσιος^Α", "Εξέταση θώρακος"),
    "ISO_IR 138": ("שרון^דבורה", "בדיקת חזה"),
    "ISO_IR 148": ("Çavuşoğlu^İsmail", "Göğüs görüntüleme"),
    "ISO_IR 166": ("สมชาย^ใจดี", "ตรวจทรวงอก"),
    "ISO_IR 13": ("ﾔﾏﾀﾞ^ﾀﾛｳ", "ｷｮｳﾌﾞ"),
    "ISO_IR 192": ("Wang^XiaoDong=王^小东=", "Žluťoučký kůň"),
    "GB18030": ("Wang^XiaoDong=王^小东=", "胸部检查"),
    "GBK": ("Wang^XiaoDong=王^小东=", "胸部检查"),
    "\\ISO 2022 IR 87": ("Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部撮影"),
    "ISO 2022 IR 6\\ISO 2022 IR 87": ("Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部撮影"),
    "ISO 2022 IR 13\\ISO 2022 IR 87": ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", "胸部撮影"),
    "\\ISO 2022 IR 149": ("Hong^Gildong=洪^吉洞=홍^길동", "흉부"),
    "\\ISO 2022 IR 58": ("Zhang^XiaoDong=张^小东=", "胸部检查"),
}
