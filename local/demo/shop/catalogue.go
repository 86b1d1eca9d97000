package shop

// product is one thing on sale. Popularity is relative to other products of
// its category; quality moves the ratings, from 0 (poor) to 3 (loved).
type product struct {
	name, origin, roast string // origin and roast are empty for equipment
	cents               int
	launched            string
	popularity, quality int
}

var beans = []product{
	{"Harbour Blend", "Brazil", "medium", 1190, "2021-03-01", 16, 2},
	{"Night Watch Espresso", "Brazil", "dark", 1250, "2021-03-01", 14, 2},
	{"Lighthouse Decaf", "Colombia", "medium", 1390, "2021-09-06", 5, 1},
	{"Yirgacheffe Konga", "Ethiopia", "light", 1690, "2022-02-14", 9, 3},
	{"Guji Natural", "Ethiopia", "light", 1790, "2022-05-02", 6, 3},
	{"Huila Excelso", "Colombia", "medium", 1490, "2022-05-02", 8, 2},
	{"Antigua Volcano", "Guatemala", "medium", 1550, "2022-10-10", 5, 1},
	{"Nyeri Peaberry", "Kenya", "light", 1890, "2023-01-16", 4, 3},
	{"Gayo Highlands", "Indonesia", "dark", 1420, "2023-04-03", 4, 0},
	{"Cerrado Sweet", "Brazil", "medium", 1290, "2023-06-05", 7, 1},
	{"Marcala Washed", "Honduras", "medium", 1450, "2024-03-04", 4, 2},
	{"Stormglass Espresso", "Indonesia", "dark", 1350, "2024-09-02", 6, 1},
	{"Boquete Geisha", "Panama", "light", 3900, "2025-02-03", 1, 3},
	{"First Frost Blend", "Guatemala", "medium", 1620, "2025-10-06", 8, 2},
}

var equipment = []product{
	{"Pour-over Dripper", "", "", 2400, "2021-03-01", 8, 2},
	{"Paper Filters (100)", "", "", 690, "2021-03-01", 20, 1},
	{"Hand Grinder", "", "", 8900, "2021-11-15", 4, 2},
	{"Gooseneck Kettle", "", "", 6500, "2022-03-07", 3, 1},
	{"Moka Pot", "", "", 3400, "2022-09-05", 5, 0},
	{"Pocket Scale", "", "", 2900, "2023-02-06", 4, 2},
	{"Enamel Mug", "", "", 1500, "2023-10-02", 9, 3},
	{"Grinder Burr Set", "", "", 3200, "2025-12-08", 1, 1},
}

// city is a place where customers live; share is relative to the others.
type city struct {
	name, country string
	share         int
}

var cities = []city{
	{"Lisbon", "Portugal", 20}, {"Porto", "Portugal", 14}, {"Coimbra", "Portugal", 6},
	{"Madrid", "Spain", 12}, {"Valencia", "Spain", 8}, {"Bilbao", "Spain", 6},
	{"Bordeaux", "France", 8}, {"Lyon", "France", 7},
	{"Ghent", "Belgium", 7}, {"Hamburg", "Germany", 6}, {"Leipzig", "Germany", 6},
}

var firstNames = []string{
	"Ana", "Beatriz", "Carlos", "Clara", "Daan", "Elena", "Emil", "Filipa", "Greta", "Hugo", "Inês", "Jonas",
	"Julie", "Karim", "Lena", "Lotte", "Luís", "Marta", "Mehdi", "Nora", "Olivier", "Pilar", "Rui", "Sofie", "Tiago", "Zoé",
}

var lastNames = []string{
	"Almeida", "Becker", "Carvalho", "De Smet", "Dubois", "Etxeberria", "Ferreira", "García", "Hoffmann", "Janssens",
	"Krüger", "Lambert", "Lopes", "Martín", "Moreau", "Navarro", "Neves", "Peeters", "Ramos", "Schulz", "Silva", "Vidal",
}

var cafeNames = []string{
	"Café Aurora", "The Brass Kettle", "Casa Miudinha", "Kleine Pause", "La Petite Tasse", "Molen & Co", "Café Nómada",
	"Rua Direita 9", "Salt & Crema", "Tinta Café", "Zum Anker", "El Rincón", "Bar Oriente", "Second Cup",
	"Café Paralelo", "Le Comptoir", "Pão & Grão", "Mirador", "Fika Corner", "Alfama Roast Bar",
}

var officeNames = []string{
	"Atlas Architects", "Brightwater Law", "Cobalt Software", "Delta Logistics", "Estúdio Norte", "Fjord Analytics",
	"Galeria Doze", "Hanse Insurance", "Iberia Robotics", "Juno Travel", "Kappa Biotech", "Lumen Design", "Meridian Bank",
	"Nimbus Games", "Ostra Films", "Pixel & Partner", "Quinta Energy", "Rambla Press", "Solaris Solar", "Tramway Schools",
	"Umbra Optics", "Vela Shipping", "Westhaven Clinic", "Xisto Engineering", "Ypsilon Media", "Zephyr Bikes",
}

var roasters = []string{"Inês", "Jonas", "Mireille"}
