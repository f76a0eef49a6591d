/* SPDX-License-Identifier: Apache-2.0 */
/* sheets.h: the columns of the data sets beside the first two, after municipality, case
 * number, person and sex. The first is the date that every record has. */
#ifndef STATGATE_TOOLS_GENERATE_SHEETS_H
#define STATGATE_TOOLS_GENERATE_SHEETS_H

#include "tools/generate/choices.h"

enum cell {
        CELL_DATE = 0, /* days */
        CELL_CODE,     /* index into choices */
        CELL_YES,
        CELL_NUMBER,
        CELL_TENTHS, /* "12,5" */
        CELL_ORE,    /* "1 234,50" */
        CELL_PLACE   /* index of municipality, always written in four digits */
};
struct sheet_column {
        const char *header;
        enum cell cell;
        const struct choice *choices;
};
struct sheet_form {
        const struct sheet_column *columns;
        uint32_t len;
        char letter; /* of case numbers */
        bool guardians;
};
/* Of a data set from GENERATE_FIRST on. */
const struct sheet_form *sheet_form(enum generate_dataset d);
/* Index of the first coded column. */
uint32_t sheet_code_column(const struct sheet_form *f);

/* The places of values, by data set. */
enum { U_OPENED, U_CLOSED, U_ORIGIN, U_REASON, U_RESULT, U_EXTENDED, U_HEARD, U_BEFORE };
enum { I_START, I_END, I_KIND, I_ASSESSED, I_EVALUATED, I_REGI, I_HOURS, I_COST, I_ENDING };
enum { F_DATE, F_OCCASION, F_FORM, F_REGI, F_ENDED, F_GOAL, F_SCHOOL, F_HEALTH, F_SAFE, F_NEW };
enum {
        V_DATE,
        V_ACTIVITY,
        V_REGI,
        V_KIND,
        V_SEVERITY,
        V_STEP,
        V_CAUSE,
        V_RISK,
        V_TO_IVO,
        V_REPORTED,
        V_ACTED
};
enum {
        Q_DATE,
        Q_REGISTER,
        Q_HOUSING,
        Q_REGI,
        Q_RISK,
        Q_ACTION,
        Q_ULCER,
        Q_APPEARED,
        Q_HEALED,
        Q_SCORE,
        Q_PLAN,
        Q_MEDICINES
};
enum { E_DATE, E_SURVEY, E_REGI, E_ANSWERER, E_WHOLE, E_SAFE, E_RESPECT, E_INFLUENCE, E_HELP };
enum { B_MONTH, B_ROLE, B_KIND, B_BIRTH, B_CHILDREN, B_HINDRANCE, B_ORE, B_PROGRAMME, B_ENDING };
enum { L_DAY, L_SUPPORT, L_ENTITLED, L_DECIDED, L_EXECUTED, L_HOURS, L_HOUSING, L_PLACE, L_REGI };
enum { O_DAY, O_SUPPORT, O_START, O_END, O_HOURS, O_COHABITATION, O_HOUSING, O_REGI };
enum { W_DATE, W_ROLE, W_KIND, W_TIE, W_RISK, W_SUPPORT, W_START, W_END, W_CHILDREN, W_POLICE };
enum { M_START, M_END, M_SUPPORT, M_SUBSTANCE, M_REGI, M_COST, M_ILL, M_PARENT, M_ENDING };

#endif
