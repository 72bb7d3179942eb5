/** Names as they are met in the wedding trade of each country, by the origin of the family. */
import type { Random } from './random.ts'

export type Country = 'FR' | 'GB' | 'BE' | 'CH' | 'IE'
export type Gender = 'f' | 'm'
export interface Person {
  gender: Gender
  firstName: string
  lastName: string
  /** Where a partner from overseas comes from. */
  abroad?: 'US' | 'AU'
}
interface Origin {
  f: readonly string[]
  m: readonly string[]
  last: readonly string[]
  abroad?: 'US' | 'AU'
}

const list = (text: string) => text.trim().split(/\s*,\s*/)

const french: Origin = {
  f: list(`Camille, Léa, Manon, Chloé, Marine, Pauline, Élodie, Anaïs, Mathilde, Clémence, Aurélie, Océane, Inès, Margaux,
    Solène, Héloïse, Gaëlle, Zoé, Charlotte, Juliette, Laure, Marion, Émilie, Amélie, Bérénice, Noémie, Anne-Sophie,
    Marie-Laure, Justine, Lucile, Apolline, Sixtine, Maëlle, Capucine`),
  m: list(`Thomas, Nicolas, Julien, Maxime, Antoine, Clément, Rémi, Loïc, Baptiste, Jérémy, Théo, François-Xavier,
    Jean-Baptiste, Gaël, Étienne, Aurélien, Benoît, Cédric, Yoann, Matthieu, Guillaume, Adrien, Quentin, Romain, Hugo,
    Pierre-Yves, Gaspard, Côme, Grégoire, Sylvain, Kévin, Raphaël`),
  last: list(`Martin, Bernard, Dubois, Durand, Moreau, Lefèvre-Carpentier, Le Goff, Le Gall, Guérin, Fontaine, Roussel,
    Chevallier, Bénard, Gauthier, Etchegaray, Muller, Schmitt, Hoarau, Payet, Lemoine, Pérez-Lacroix, de Saint-Aubin,
    d'Aubreuil, de La Bretesche, Mercier, Girard, Faure, Blanchard, Brunet, Caron, Delaunay, Dufour-Rey, Marchand, Noël,
    Picard, Rivière, Vasseur, Tessier, Quéméneur, Kerbrat, Casanova, Bonnefoy, Charpentier, Duchêne, Maître, Bœuf`),
}
const maghreb: Origin = {
  f: list('Yasmine, Leïla, Samia, Nawel, Imane, Inès, Sofia, Amel'),
  m: list('Karim, Mehdi, Yassine, Bilal, Nabil, Rayan, Sofiane, Walid'),
  last: list('El Amrani, Ben Youssef, Benali, Haddad, Bouzid, Cherif, Mansouri, Aït Ouali, Belkacem'),
}
const westAfrican: Origin = {
  f: list('Aminata, Fatou, Awa, Mariam, Aïssatou, Grâce, Bintou'),
  m: list('Mamadou, Ousmane, Ibrahima, Cheikh, Moussa, Désiré, Yao'),
  last: list("Traoré, Diallo, Koné, N'Diaye, Coulibaly, Kouassi, Sow, Mbaye"),
}
const portuguese: Origin = {
  f: list('Inês, Mariana, Sandra, Lucía'),
  m: list('Tiago, João, Rui, Álvaro'),
  last: list('Da Silva, Fernandes, Gonçalves, García, Pereira Nunes'),
}
const italian: Origin = {
  f: list('Chiara, Giulia, Francesca'),
  m: list('Marco, Lorenzo, Niccolò'),
  last: list("Rossi, De Luca, D'Angelo, Esposito"),
}
const polish: Origin = {
  f: list('Zofia, Katarzyna, Małgorzata'),
  m: list('Piotr, Łukasz, Michał'),
  last: list('Kowalczyk, Nowak, Zając, Wójcik'),
}
const turkish: Origin = {
  f: list('Elif, Defne, Ayşe'),
  m: list('Emre, Kerem, Çağlar'),
  last: list('Özdemir, Yıldız, Şahin'),
}
const vietnamese: Origin = {
  f: list('Thanh-Hà, Mai, Linh, Kim-Ly, Élise'),
  m: list('Minh, Quang, Tuấn, Duy, Vincent'),
  last: list('Nguyễn, Trần, Phạm, Lê-Fournier, Huỳnh'),
}
const english: Origin = {
  f: list(`Emily, Charlotte, Sophie, Jessica, Hannah, Lucy, Chloe, Zoë, Rebecca, Georgina, Harriet, Poppy, Imogen, Alice,
    Grace, Beatrice, Eleanor, Katie, Lauren, Megan, Amy-Rose, Florence, Tamsin, Daisy`),
  m: list(`James, Oliver, Thomas, Jack, Harry, George, William, Daniel, Matthew, Edward, Henry, Rupert, Toby, Callum, Ben,
    Alexander, Joshua, Samuel, Nathan, Luke, Dominic, Hugo`),
  last: list(`Smith, Taylor, Wright, Walker, Thompson, Hughes-Barlow, Clarke, Turner, Whitaker, Ashworth, Pemberton, Fletcher,
    Bennett, Hargreaves, Cooper, Wainwright, Fairfax-Jones, Shaw, Holloway, Penrose, Trelawney, St Clair, Booth, Marsh`),
}
const celtic: Origin = {
  f: list('Fiona, Eilidh, Mairi, Siân, Cerys, Niamh, Aoife, Róisín, Catrin, Kirsty'),
  m: list('Ewan, Alasdair, Rhys, Dafydd, Ciarán, Seán, Angus, Gethin, Liam, Hamish'),
  last: list(
    "MacLeod, McKenzie, Campbell, O'Connor, O'Sullivan, Llewellyn, ap Rhys, Davies-Morgan, Fitzgerald, Ó Briain",
  ),
}
const southAsian: Origin = {
  f: list('Priya, Anjali, Aisha, Simran, Nadia, Meera, Zara, Harpreet'),
  m: list('Arjun, Imran, Rohan, Jaspreet, Hassan, Vikram, Sameer'),
  last: list('Patel, Singh, Khan, Kaur, Shah, Ahmed, Chowdhury, Rao, Bhatt'),
}
const afroBritish: Origin = {
  f: list('Adaeze, Temi, Chiamaka, Simone, Renée'),
  m: list('Chidi, Tunde, Kwame, Marcus, Jerome'),
  last: list('Okafor, Adeyemi, Mensah, Campbell-Brown, Okonkwo, Boateng'),
}
const belgian: Origin = {
  f: list('Elise, Charlotte, Lien, Manon, Justine'),
  m: list('Maxime, Wout, Arnaud, Pieter, Simon'),
  last: list('Van den Broeck, Peeters, Janssens, Delvaux, Lambrecht, De Smet, Dumoulin'),
}
const swiss: Origin = {
  f: list('Céline, Valérie, Lara, Sandrine, Nora'),
  m: list('Fabrice, Luca, Reto, Cyril, Jonas'),
  last: list('Rochat, Bühler, Favre, Zürcher, Monnier, Pasquier, Ammann'),
}
const american: Origin = {
  f: list('Madison, Ashley, Brooke, Hailey'),
  m: list('Tyler, Brandon, Cody, Ethan'),
  last: list('Miller, Kowalski, Rodriguez, Van Buren, Anderson'),
  abroad: 'US',
}
const australian: Origin = {
  f: list('Matilda, Kylie, Bronte'),
  m: list('Lachlan, Cooper, Jarrod'),
  last: list('Hartigan, Papadopoulos, Whitlock'),
  abroad: 'AU',
}

const origins: Record<Country, readonly (readonly [number, Origin])[]> = {
  FR: [
    [76, french],
    [7, maghreb],
    [5, westAfrican],
    [3, portuguese],
    [2, italian],
    [1, polish],
    [1, turkish],
    [3, vietnamese],
    [3, celtic],
  ],
  GB: [
    [60, english],
    [16, celtic],
    [10, southAsian],
    [6, afroBritish],
    [3, polish],
    [1, italian],
    [1, turkish],
    [3, french],
  ],
  BE: [
    [80, belgian],
    [20, french],
  ],
  CH: [
    [80, swiss],
    [20, italian],
  ],
  IE: [
    [90, celtic],
    [10, english],
  ],
}

/** A person as one meets them in that country. */
export function drawPerson(random: Random, country: Country, gender: Gender = random.pick(['f', 'm'])): Person {
  return named(random, random.weighted(origins[country]), gender)
}

/** Somebody's partner: of any origin, one in ten from overseas, one couple in fourteen of the same gender. */
export function drawPartner(random: Random, country: Country, gender: Gender): Person {
  const other: Gender = random.chance(1 / 14) ? gender : gender === 'f' ? 'm' : 'f'
  if (random.chance(0.1))
    return named(
      random,
      random.weighted([
        [3, american],
        [1, australian],
      ]),
      other,
    )
  return drawPerson(random, random.chance(0.08) ? random.pick(['FR', 'GB', 'IE', 'CH'] as const) : country, other)
}

function named(random: Random, origin: Origin, gender: Gender): Person {
  const person: Person = { gender, firstName: random.pick(origin[gender]), lastName: random.pick(origin.last) }
  return origin.abroad ? { ...person, abroad: origin.abroad } : person
}

/** Letters that do not fall apart into a letter and an accent. */
const whole: Record<string, string> = { đ: 'd', ł: 'l', ø: 'o', ß: 'ss', ı: 'i', œ: 'oe', æ: 'ae' }

/** ASCII, lower case, hyphens between words: for mail addresses. */
export function slug(text: string): string {
  const plain = text.toLowerCase().replace(/[đłøßıœæ]/g, (letter) => whole[letter]!)
  return plain
    .normalize('NFD')
    .replace(/\p{M}|['’]/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}
