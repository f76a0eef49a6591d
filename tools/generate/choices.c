/* SPDX-License-Identifier: Apache-2.0 */
/* choices.c: the codes of the bundle's other code lists, with the words that a
 * spreadsheet shows for them. In the bundle's order. Weights are assumptions; a weight
 * of 1 in a whole list means that the topic draws by other rules. */
#include "tools/generate/choices.h"

const struct choice origins[] = {{"anmalan", "Orosanmälan", 880},
        {"annan_namnd", "Uppgift från annan nämnd eller myndighet", 20},
        {"ansokan", "Ansökan av barn eller vårdnadshavare", 80},
        {"eget_initiativ", "Nämndens eget initiativ", 20}};
const struct choice results[] = {{"oppna_insatser", "Öppna insatser", 360},
        {"placering_sol", "Placering med samtycke", 0},
        {"ansokan_lvu", "Ansökan om vård enligt LVU", 0},
        {"behov_tackt", "Behovet tillgodoses redan", 110},
        {"inget_behov", "Inget behov av insats", 390}, {"tackat_nej", "Familjen tackar nej", 100},
        {"flytt", "Överflyttad till annan kommun", 40}};
const struct choice interventions[] = {{"kontaktperson", "Kontaktperson", 120},
        {"kontaktfamilj", "Kontaktfamilj", 180},
        {"sarskild_kontaktperson", "Särskilt kvalificerad kontaktperson", 30},
        {"familjebehandling", "Familjebehandling", 240},
        {"foraldrastod", "Föräldrastödsprogram", 120},
        {"behandling_ung", "Behandling av den unga", 110},
        {"vald_behandling", "Behandling efter våld", 60},
        {"stod_i_skola", "Stöd i skola eller fritid", 90},
        {"rad_och_stod", "Råd och stöd utan behovsprövning", 50}};
const struct choice intervention_ends[] = {{"mal_uppnatt", "Avslutad, målen nådda", 300},
        {"enligt_plan", "Avslutad enligt plan", 380},
        {"familjen_avbrot", "Avbruten av den enskilda", 110},
        {"namnden_avbrot", "Avbruten av nämnden", 40}, {"placering", "Övergick i placering", 50},
        {"flytt", "Flytt till annan kommun", 50}, {"annat_skal", "Annat skäl", 70}};
const struct choice occasions[] = {{"under", "Under insatsen", 1},
        {"avslut", "När insatsen slutar", 1}, {"manad_3", "3 månader efter", 1},
        {"manad_6", "6 månader efter", 1}, {"manad_12", "12 månader efter", 1}};
const struct choice care_forms[] = {{"familjehemsvard", "Familjehemsvård", 1}, {"hvb", "HVB", 1},
        {"stodboende", "Stödboende", 1}, {"sis", "SiS särskilda ungdomshem", 1},
        {"oppen", "Öppen insats", 1}};
const struct choice goals[] = {{"helt", "Helt nådda", 220},
        {"till_stor_del", "Till stor del nådda", 430},
        {"till_liten_del", "Till liten del nådda", 250}, {"inte", "Inte nådda", 100}};
const struct choice schooling[] = {{"narvarande", "I skola, god närvaro", 560},
        {"stor_franvaro", "I skola, stor frånvaro", 240}, {"arbete", "Arbete eller praktik", 110},
        {"ingen", "Varken skola eller arbete", 90}};
const struct choice developments[] = {
        {"battre", "Bättre", 430}, {"oforandrad", "Oförändrad", 430}, {"samre", "Sämre", 140}};
const struct choice activities[] = {{"hemtjanst", "Hemtjänst", 230},
        {"sarskilt_boende", "Särskilt boende för äldre", 260},
        {"korttid_aldre", "Korttidsboende för äldre", 40},
        {"grupp_service", "Grupp- och servicebostad", 190},
        {"korttid_lss", "Korttidsvistelse och korttidstillsyn", 40},
        {"daglig_verksamhet", "Daglig verksamhet", 50},
        {"personlig_assistans", "Personlig assistans", 40},
        {"barn_myndighet", "Myndighetsutövning, barn och unga", 70},
        {"placeringar", "Familjehem, HVB och stödboende", 50},
        {"vuxna_myndighet", "Myndighetsutövning, vuxna", 20},
        {"bistand", "Ekonomiskt bistånd", 10}};
const struct choice incident_kinds[] = {{"utebliven", "Insats som uteblev", 190},
        {"forsenad", "Insats som kom för sent", 110}, {"felaktig", "Insats som utfördes fel", 160},
        {"fall", "Fall", 170}, {"annan_skada", "Annan skada", 60},
        {"overgrepp", "Fysiskt, psykiskt eller sexuellt övergrepp", 50},
        {"stold", "Ekonomiskt övergrepp", 30}, {"bemotande", "Brist i bemötande", 80},
        {"handlaggning", "Brist i handläggning", 70}, {"tvang", "Begränsning utan lagstöd", 30},
        {"dokumentation", "Brist i dokumentation", 50}};
const struct choice severities[] = {{"ingen", "Ingen följd", 420}, {"mattlig", "Måttlig", 390},
        {"betydande", "Betydande", 150}, {"mycket_allvarlig", "Mycket allvarlig", 40}};
const struct choice steps[] = {{"aktualisering", "Aktualisering", 60},
        {"utredning", "Utredning", 90}, {"beslut", "Beslut", 80},
        {"verkstallighet", "Verkställighet", 110}, {"genomforande", "Genomförande", 480},
        {"uppfoljning", "Uppföljning", 80},
        {"overlamning", "Överlämning mellan verksamheter", 100}};
const struct choice causes[] = {{"rutin", "Rutin saknas eller följs inte", 330},
        {"bemanning", "Bemanning", 170}, {"kompetens", "Kompetens", 130},
        {"information", "Information och samverkan", 200}, {"teknik", "Teknik och lokaler", 90},
        {"individ", "Enskild medarbetares handlande", 80}};
const struct choice registers[] = {{"trycksar", "Trycksår, förebyggande", 1},
        {"sarlakning", "Svårläkta sår, läkning", 1}, {"bpsd", "Symtom vid demenssjukdom", 1}};
const struct choice ulcers[] = {{"inget", "Inget sår", 930}, {"kategori_1", "Kategori 1", 35},
        {"kategori_2", "Kategori 2", 20}, {"kategori_3", "Kategori 3", 10},
        {"kategori_4", "Kategori 4", 5}};
const struct choice housings[] = {{"ordinart", "Ordinärt boende", 1},
        {"korttid", "Korttidsboende", 1}, {"sarskilt", "Särskilt boende", 1},
        {"demens", "Särskilt boende för personer med demenssjukdom", 1}};
const struct choice surveys[] = {{"hemtjanst", "Hemtjänst", 1},
        {"sarskilt_boende", "Särskilt boende", 1}, {"gruppbostad", "Gruppbostad LSS", 1},
        {"servicebostad", "Servicebostad LSS", 1},
        {"daglig_verksamhet", "Daglig verksamhet LSS", 1},
        {"barn_unga", "Barn och unga, 13 år och äldre", 1},
        {"placerade", "Placerade barn och unga", 1}, {"bistand", "Ekonomiskt bistånd", 1},
        {"missbruk", "Skadligt bruk och beroende", 1}};
const struct choice answers[] = {{"mycket_bra", "Mycket bra", 1}, {"ganska_bra", "Ganska bra", 1},
        {"varken", "Varken bra eller dåligt", 1}, {"ganska_daligt", "Ganska dåligt", 1},
        {"mycket_daligt", "Mycket dåligt", 1}, {"vet_inte", "Vet inte", 1}};
const struct choice answerers[] = {{"sjalv", "Brukaren själv", 600},
        {"med_stod", "Brukaren med stöd", 180}, {"narstaende", "Närstående", 170},
        {"foretradare", "God man eller förvaltare", 50}};
const struct choice household_kinds[] = {{"barnhushall", "Barnhushåll eller okänd typ", 10},
        {"ensam_man", "Ensam man utan barn", 366}, {"ensam_man_barn", "Ensam man med barn", 35},
        {"ensam_kvinna", "Ensam kvinna utan barn", 205},
        {"ensam_kvinna_barn", "Ensam kvinna med barn", 155}, {"par", "Par utan barn", 69},
        {"par_barn", "Par med barn", 160}};
const struct choice hindrances[] = {{"021", "Sjukskriven, ersättningen räcker inte", 60},
        {"022", "Sjukskriven, väntar på ersättning", 20},
        {"023", "Sjukskriven, utan ersättning", 60},
        {"031", "Sjuk- eller aktivitetsersättning räcker inte", 30},
        {"032", "Väntar på sjuk- eller aktivitetsersättning", 10},
        {"033", "Utan etableringsersättning, nedsatt prestationsförmåga", 10},
        {"035", "Pension eller äldreförsörjningsstöd räcker inte", 50},
        {"036", "Väntar på pension eller äldreförsörjningsstöd", 5},
        {"040", "Arbetshinder av sociala skäl", 110},
        {"041", "Ensamkommande ungdom som studerar", 20},
        {"051", "Föräldraledig, föräldrapenningen räcker inte", 30},
        {"052", "Föräldraledig, väntar på föräldrapenning", 10}, {"053", "Barnomsorg saknas", 20},
        {"061", "Deltid mot sin vilja, inkomsten räcker inte", 60},
        {"062", "Deltid mot sin vilja, väntar på inkomst", 10},
        {"071", "Heltid, inkomsten räcker inte", 30}, {"072", "Heltid, väntar på inkomst", 10},
        {"090", "Utan försörjningshinder", 60}, {"111", "Arbetslös, ersättningen räcker inte", 60},
        {"112", "Arbetslös, väntar på ersättning", 30}, {"113", "Arbetslös, utan ersättning", 270},
        {"114", "Etableringsersättningen räcker inte", 20},
        {"115", "Väntar på etableringsersättning", 20}, {"999", "Uppgift om hinder saknas", 25}};
const struct choice household_roles[] = {{"sokande", "Sökande", 1}, {"medsokande", "Medsökande", 1},
        {"ovrig", "Annan person i hushållet", 1}};
const struct choice births[] = {{"inrikes", "Inrikes födda", 380},
        {"en_utrikes", "En av paret utrikes född", 90}, {"utrikes", "Utrikes födda", 500},
        {"okant", "Okänt", 30}};
const struct choice assistance_ends[] = {{"arbete", "Arbete", 280}, {"studier", "Studier", 100},
        {"ersattning", "Annan ersättning eller pension", 170},
        {"anhorig", "Försörjs av anhörig", 60}, {"flyttat", "Flyttat från kommunen", 120},
        {"annat", "Annat eller okänt", 270}};
const struct choice lss_supports[] = {{"assistans", "Biträde av personlig assistent", 1},
        {"ledsagning", "Ledsagarservice", 1}, {"kontaktperson", "Kontaktperson", 1},
        {"avlosning", "Avlösarservice i hemmet", 1},
        {"korttidsvistelse", "Korttidsvistelse utanför hemmet", 1},
        {"korttidstillsyn", "Korttidstillsyn för skolungdom", 1},
        {"boende_barn", "Boende för barn och unga", 1}, {"boende_vuxna", "Bostad för vuxna", 1},
        {"daglig_verksamhet", "Daglig verksamhet", 1}};
const struct choice entitled[] = {{"1", "Utvecklingsstörning, autism eller liknande", 880},
        {"2", "Hjärnskada i vuxen ålder", 20}, {"3", "Annan varaktig funktionsnedsättning", 100}};
const struct choice lss_housings[] = {{"familjehem", "Familjehem", 30},
        {"gruppbostad", "Gruppbostad", 640}, {"servicebostad", "Servicebostad", 280},
        {"annan_anpassad", "Annan särskilt anpassad bostad", 50}};
const struct choice elder_supports[] = {{"dagverksamhet", "Dagverksamhet", 1},
        {"hemtjanst", "Hemtjänst i ordinärt boende", 1}, {"korttid", "Korttidsboende", 1},
        {"sarskilt_boende", "Permanent särskilt boende", 1}, {"trygghetslarm", "Trygghetslarm", 1},
        {"matdistribution", "Matdistribution", 1}, {"ledsagning", "Ledsagning", 1},
        {"avlosning", "Avlösning av anhörig", 1}, {"boendestod", "Boendestöd", 1}};
const struct choice cohabitations[] = {
        {"ensam", "Bor ensam", 640}, {"med_annan", "Bor med någon", 360}};
const struct choice violence_roles[] = {{"utsatt_vuxen", "Vuxen som utsätts", 1},
        {"utsatt_barn", "Barn som utsätts", 1},
        {"barn_upplever", "Barn som upplever våld mot närstående", 1},
        {"utovare", "Den som utövar våld", 1}};
const struct choice violence_kinds[] = {{"fysiskt", "Fysiskt våld", 430},
        {"psykiskt", "Psykiskt våld", 290}, {"sexuellt", "Sexuellt våld", 60},
        {"ekonomiskt", "Ekonomiskt eller materiellt våld", 50},
        {"digitalt", "Digitalt våld och eftersökning", 90},
        {"heder", "Hedersrelaterat våld och förtryck", 80}};
const struct choice ties[] = {{"partner", "Partner", 480},
        {"tidigare_partner", "Tidigare partner", 290}, {"foralder", "Förälder", 60},
        {"barn", "Eget barn", 30}, {"slakting", "Syskon eller annan släkting", 80},
        {"annan", "Annan närstående", 60}};
const struct choice risks[] = {{"lag", "Låg", 200}, {"medel", "Medel", 280}, {"hog", "Hög", 220},
        {"ej_bedomd", "Risken inte bedömd", 300}};
const struct choice violence_supports[] = {{"samtal", "Stödsamtal eller rådgivning", 430},
        {"skyddat_boende", "Skyddat boende", 120}, {"annat_boende", "Annat tillfälligt boende", 60},
        {"behandling_utsatt", "Behandling efter våld", 120},
        {"behandling_utovare", "Behandling av den som utövar våld", 90},
        {"ingen", "Ingen insats", 180}};
const struct choice abuse_supports[] = {{"oppen", "Individuellt behovsprövad öppen insats", 430},
        {"rad_och_stod", "Råd och stöd utan behovsprövning", 110},
        {"boende", "Bistånd som avser boende", 210},
        {"familjehem", "Familjehemsvård med samtycke", 30},
        {"institution", "Institutionsvård med samtycke", 170}, {"lvm", "Vård enligt LVM", 50}};
const struct choice substances[] = {{"alkohol", "Alkohol", 430}, {"lakemedel", "Läkemedel", 50},
        {"cannabis", "Cannabis", 140}, {"opioider", "Opioider", 120},
        {"stimulantia", "Centralstimulantia", 110}, {"blandat", "Flera preparat", 120},
        {"spel", "Spel om pengar", 30}};
